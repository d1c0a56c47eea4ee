package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// maxFormFields is how many fields a form may have: a page of settings has few, and an order of awards is one field.
const maxFormFields = 100

// form is what somebody sent with a form; nothing of it comes from the address.
type form struct {
	values url.Values
	// picture holds the bytes of the file that was chosen, nil for none.
	picture []byte
}

// text returns what was typed into a field. Browsers end lines as the Internet does.
func (f *form) text(name string) string { return strings.ReplaceAll(f.values.Get(name), "\r\n", "\n") }

// ticked returns whether a box was.
func (f *form) ticked(name string) bool { return f.values.Get(name) != "" }

// readForm reads a form with or without a file. What was read before an error is returned with it, so that a page can show
// it again.
func readForm(c *gin.Context) (*form, error) {
	kind, _, _ := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if kind == "multipart/form-data" {
		parts, err := c.Request.MultipartReader()
		if err != nil {
			return &form{values: url.Values{}}, unreadable(err)
		}
		return readParts(parts)
	}
	if err := c.Request.ParseForm(); err != nil || c.Request.PostForm == nil {
		return &form{values: url.Values{}}, unreadable(err)
	}
	return &form{values: c.Request.PostForm}, nil
}

func readParts(parts *multipart.Reader) (*form, error) {
	f := &form{values: url.Values{}}
	for range maxFormFields {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // a wrapped one says that the form was cut short
			return f, nil
		}
		if err != nil {
			return f, unreadable(err)
		}
		content, err := io.ReadAll(part) // the body is bounded
		switch {
		case err != nil && part.FileName() != "":
			return f, fault.InvalidField(part.FormName(), "too_large", "is too large").Because(err)
		case err != nil:
			return f, unreadable(err)
		case part.FileName() == "" && part.Header.Get("Content-Type") == "":
			f.values.Add(part.FormName(), string(content))
		case len(content) > 0:
			f.picture = content
		}
	}
	return f, fault.New(fault.Invalid, "bad_form", "the form has too many fields")
}

func unreadable(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.TooLarge, "body_too_large", "the form is too large").Because(err)
	}
	return fault.New(fault.Invalid, "bad_form", "the body must be a form").Because(err)
}

// fieldsOf are the fields that the codes of some faults are about.
var fieldsOf = map[string]string{
	"name_taken": "name", "kind_in_use": "kind", "avatar_too_large": "avatar", "already_awarded": "user", "user_blocked": "user",
}

// again shows a form that was not accepted: with what was typed, which the view holds, and what is wrong with it. What
// is not the form's fault is answered as everywhere.
func (p *Pages) again(c *gin.Context, err error, name string, v view) {
	f := fault.As(err)
	switch f.Kind {
	case fault.Invalid, fault.Conflict, fault.TooLarge, fault.Changed:
	default:
		p.Fail(c, err)
		return
	}
	_ = c.Error(f) // for the log
	v.Problem, v.Hidden = f, true
	p.show(c, problem.Status(f.Kind), name, v)
}

// reason says what a fault is in the words of the catalogue, if it has any for the code.
func (p *Pages) reason(code, otherwise string) string {
	if key := "problem_" + code; p.renderer.words.has(key) {
		return p.worded(key)
	}
	return otherwise
}

// fieldProblem is what is wrong with a field of a form.
type fieldProblem struct{ Field, Detail string }

// wrongs returns what is wrong with the fields of a form.
func (p *Pages) wrongs(f *fault.Error) []fieldProblem {
	var found []fieldProblem
	for _, field := range f.Fields {
		found = append(found, fieldProblem{field.Field, field.Detail})
	}
	if field, known := fieldsOf[f.Code]; known && len(found) == 0 {
		found = append(found, fieldProblem{field, p.reason(f.Code, f.Text)})
	}
	return found
}

// wrong returns what is wrong with one field of a form, nil for nothing.
func (p *Pages) wrong(f *fault.Error, name string) *fieldProblem {
	if f == nil {
		return nil
	}
	for _, found := range p.wrongs(f) {
		if found.Field == name {
			return &found
		}
	}
	return nil
}

// version tells the states of an object apart: a form carries the one that it was made of.
func version(shown ...any) string { return digest(fmt.Appendf(nil, "%#v", shown)) }
