package graphql

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/gin-gonic/gin"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// shown is an error whose text is for the caller.
type shown string

func (s shown) Error() string { return string(s) }

const (
	// errResource does not tell what there is not from what is not the caller's.
	errResource = shown("The resource that you are attempting to access does not exist or you don't have permission to perform this action")
	errInternal = shown("Internal server error")
)

// Refuse answers a request whose caller is not let in: with GitLab's words for a token that is not valid.
func Refuse(c *gin.Context, err error) {
	known := fault.As(err)
	status, text := http.StatusUnauthorized, "Invalid token"
	switch known.Kind {
	case fault.Unauthenticated:
	case fault.Limited:
		status, text = http.StatusTooManyRequests, known.Text
	default:
		problem.Write(c, err)
		return
	}
	if known.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(known.RetryAfter.Seconds()))))
	}
	c.AbortWithStatusJSON(status, failed(text))
}

// present makes of an error what clients see: with where it happened, and without what is none of their business.
func (d *door) present(ctx context.Context, err error) *gqlerror.Error {
	presented := gqlgen.DefaultErrorPresenter(ctx, err)
	presented.Message = d.message(ctx, err, presented)
	presented.Extensions = nil
	if field := gqlgen.GetFieldContext(ctx); field != nil && field.Field.Field != nil && field.Field.Position != nil {
		presented.Locations = []gqlerror.Location{{Line: field.Field.Position.Line, Column: field.Field.Position.Column}}
	}
	return presented
}

func (d *door) message(ctx context.Context, err error, presented *gqlerror.Error) string {
	if text, ok := errors.AsType[shown](err); ok {
		return string(text)
	}
	if known, ok := errors.AsType[*fault.Error](err); ok {
		switch known.Kind {
		case fault.NotFound, fault.Forbidden, fault.Unauthenticated:
			return string(errResource)
		case fault.Internal:
		default:
			return known.Reason()
		}
	} else if gqlErr, ok := errors.AsType[*gqlerror.Error](err); ok && gqlErr.Err == nil {
		return presented.Message // of the executor's own: a value that is not of its type
	}
	d.log.ErrorContext(ctx, "a GraphQL resolver failed", "error", err)
	return string(errInternal)
}

// likeGitLab says in GitLab's words what is wrong with a query before it runs.
func likeGitLab(prepared *gqlgen.OperationContext, faults gqlerror.List) gqlerror.List {
	for _, f := range faults {
		f.Extensions = nil
		if len(f.Path) < 2 || fmt.Sprint(f.Path[0]) != "variable" || prepared.Operation == nil {
			continue
		}
		name := fmt.Sprint(f.Path[1])
		within := make([]string, 0, len(f.Path)-2)
		for _, step := range f.Path[2:] {
			within = append(within, fmt.Sprint(step))
		}
		kind := ""
		if variable := prepared.Operation.VariableDefinitions.ForName(name); variable != nil {
			kind = variable.Type.String()
		}
		problem := f.Message
		if problem == "must be defined" || problem == "cannot be null" {
			problem = "Expected value to not be null"
		}
		f.Path = nil
		f.Message = fmt.Sprintf("Variable $%s of type %s was provided invalid value", name, kind)
		if len(within) > 0 {
			f.Message += fmt.Sprintf(" for %s (%s)", strings.Join(within, "."), problem)
		} else {
			f.Message += fmt.Sprintf(" (%s)", problem)
		}
	}
	return faults
}

// words are what a field of an operation is called in GitLab's messages.
var words = map[string]string{
	"name": "Name", "description": "Description", "avatar": "Avatar", "message": "Award message", "kind": "Kind", "show_on_profile": "Show on profile",
}

// payload returns what is wrong with the input, for the payload of a mutation; any other error is the request's.
func payload(err error) ([]string, error) {
	known, ok := errors.AsType[*fault.Error](err)
	switch {
	case err == nil:
		return []string{}, nil
	case !ok:
		return nil, err
	case known.Code == "name_taken":
		return []string{"Name has already been taken"}, nil
	case known.Code == "already_revoked":
		return []string{"This achievement has already been revoked"}, nil
	case known.Code == "avatar_too_large":
		return []string{"Avatar is too big (should be at most 200 KiB)"}, nil
	case known.Kind == fault.Conflict:
		return []string{sentence(known.Reason())}, nil
	case known.Kind != fault.Invalid || len(known.Fields) == 0:
		return nil, err
	}
	texts := make([]string, len(known.Fields))
	for i, field := range known.Fields {
		texts[i] = inWords(field)
	}
	return texts, nil
}

func inWords(field fault.Field) string {
	word := words[field.Field]
	switch {
	case field.Code == "required":
		return word + " can't be blank"
	case field.Code == "unsupported_type":
		return "Avatar file format is not supported. Please try one of the following supported formats: png, jpg, jpeg, gif, webp"
	case word == "":
		return sentence(field.Field + " " + field.Detail)
	default:
		return word + " " + field.Detail
	}
}

func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// tooLongMessage is the argument's own check, which comes before everything else.
func tooLongMessage(message *string) error {
	if message != nil && len([]rune(*message)) > achievement.MaxMessage {
		return shown(fmt.Sprintf("awardMessage is too long (maximum is %d)", achievement.MaxMessage))
	}
	return nil
}
