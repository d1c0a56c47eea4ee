package rest

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// maxFormText is the largest text in a form, in bytes; the product's limits are far below.
const maxFormText = 64 << 10

// form is an achievement as multipart/form-data (RFC 7578) holds it: what was sent is not nil.
type form struct {
	name, description, kind *string
	avatar                  []byte
}

// readForm reads the parts of a form. A part that is not documented, or comes twice, is refused.
func readForm(parts *multipart.Reader) (*form, error) {
	f := &form{}
	texts := map[string]**string{"name": &f.name, "description": &f.description, "kind": &f.kind}
	for {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // a wrapped one says that the form was cut short
			return f, nil
		}
		if err != nil {
			return nil, unreadableForm(err)
		}
		field := part.FormName()
		text, known := texts[field]
		switch {
		case field == "avatar" && f.avatar == nil:
			if f.avatar, err = readPart(part, avatar.MaxBytes); err != nil {
				return nil, err
			}
		case known && *text == nil:
			content, err := readPart(part, maxFormText)
			if err != nil {
				return nil, err
			}
			value := string(content)
			*text = &value
		case known || field == "avatar":
			return nil, fault.InvalidField(field, "duplicate", "must not come twice")
		default:
			return nil, fault.InvalidField(field, "unknown", "is no documented field")
		}
	}
}

func readPart(part *multipart.Part, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(part, limit+1))
	if err != nil {
		return nil, unreadableForm(err)
	}
	if int64(len(content)) > limit && part.FormName() == "avatar" {
		return nil, fault.New(fault.TooLarge, "avatar_too_large", "an avatar may have at most %d KiB", limit>>10)
	}
	if int64(len(content)) > limit {
		return nil, fault.InvalidField(part.FormName(), "too_long", "is too long")
	}
	// What a browser sends for a file that nobody chose.
	if len(content) == 0 && part.FormName() == "avatar" && part.FileName() == "" {
		return nil, nil
	}
	return content, nil
}

func unreadableForm(err error) error {
	if over, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "body_too_large", "the body is larger than %d MiB", over.Limit>>20)
	}
	return fault.New(fault.Invalid, "malformed_form", "the body is not multipart/form-data").Because(err)
}
