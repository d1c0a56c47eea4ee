package web

// What is no form is tested from inside: a browser does not send it.

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
)

func FuzzForms(f *testing.F) {
	const parted = "multipart/form-data; boundary=x"
	for _, body := range []string{
		"", "name=a&name=b", "name=%zz", "--x--", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n",
		"--x\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\npng\r\n--x--\r\n",
		"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb", strings.Repeat("--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n", 101) + "--x--",
	} {
		f.Add("application/x-www-form-urlencoded", body)
		f.Add(parted, body)
	}
	f.Add("multipart/form-data", "--x--")
	f.Add("application/json", "{}")
	f.Fuzz(func(t *testing.T, kind, body string) {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodPost, "/?name=from+the+address", strings.NewReader(body))
		c.Request.Header.Set("Content-Type", kind)
		sent, err := readForm(c)
		if err != nil && fault.As(err).Kind != fault.Invalid {
			t.Fatalf("%q as %q is refused with %v", body, kind, err)
		}
		if sent == nil || sent.values == nil || sent.text("name") == "from the address" && !strings.Contains(body, "from") {
			t.Fatalf("%q as %q is read as %v", body, kind, sent)
		}
	})
}
