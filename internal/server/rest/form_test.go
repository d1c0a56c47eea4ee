package rest

import (
	"errors"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// FuzzForm looks inside: it reads any bytes as a form, which must end in a form within the limits or in
// a fault.
func FuzzForm(f *testing.F) {
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	for _, body := range []string{
		part("name", "A") + part("description", "B") + part("kind", "repeatable") + part("avatar", "GIF89a") + "--x--\r\n",
		part("name", "A") + part("name", "B") + "--x--", part("other", ""), "--x--", "", "--x\r\n\r\n\r\n--x--",
		"--x\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n",
		"--x\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Disposition: form-data; name=name\r\n\r\n=41=0\r\n--x--\r\n",
		part("name", strings.Repeat("a", maxFormText+1)) + "--x--\r\n", part("avatar", strings.Repeat("a", avatar.MaxBytes+1)) + "--x--\r\n",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		read, err := readForm(multipart.NewReader(strings.NewReader(body), "x"))
		if err != nil {
			if kind, ok := errors.AsType[*fault.Error](err); !ok || kind.Kind != fault.Invalid && kind.Kind != fault.TooLarge {
				t.Fatalf("readForm(%q) = %v, want a fault of the sender's", body, err)
			}
			return
		}
		if len(read.avatar) > avatar.MaxBytes || len(value(read.name)) > maxFormText {
			t.Errorf("readForm(%q) is over the limits", body)
		}
	})
}
