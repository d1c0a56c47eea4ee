package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5/static"

	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// page is our own half of the documentation: the page, and the script that starts Swagger UI on it.
//
//go:embed docs
var page embed.FS

// docsPolicy lets the page run, style and show what comes from here, and ask nobody else. Swagger UI
// draws its icons from data URLs.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// file is something to serve that does not change while the program runs.
type file struct {
	contentType string
	content     []byte
	// gzipped says that the content is compressed.
	gzipped bool
	etag    string
}

// mountDocs serves the contract for people at /docs: Swagger UI, from inside the binary. It panics when
// an embedded file is missing, which the tests would have shown.
func mountDocs(routes gin.IRouter) {
	index := mustFile(page, "docs/index.html", "text/html; charset=utf-8")
	routes.GET("/docs", func(c *gin.Context) {
		c.Header("Content-Security-Policy", docsPolicy)
		index.serve(c)
	})
	for path, asset := range docsAssets() {
		routes.GET("/docs/"+path, asset.serve)
	}
}

// docsAssets are the files that the page loads, by path, read once.
var docsAssets = sync.OnceValue(func() map[string]*file {
	return map[string]*file{
		"show.js":              mustFile(page, "docs/show.js", "text/javascript; charset=utf-8"),
		"swagger-ui-bundle.js": mustFile(static.FS, "swagger-ui-bundle.js.gz", "text/javascript; charset=utf-8"),
		"swagger-ui.css":       mustFile(static.FS, "swagger-ui.css.gz", "text/css; charset=utf-8"),
		"favicon-32x32.png":    mustFile(static.FS, "favicon-32x32.png", "image/png"),
	}
})

// mustFile reads an embedded file; the name says whether it is compressed.
func mustFile(from fs.FS, name, contentType string) *file {
	content, err := fs.ReadFile(from, name)
	if err != nil {
		panic(err)
	}
	return newFile(content, contentType, strings.HasSuffix(name, ".gz"))
}

func newFile(content []byte, contentType string, gzipped bool) *file {
	hash := sha256.Sum256(content)
	return &file{contentType, content, gzipped, hex.EncodeToString(hash[:8])}
}

// serve answers with the file. A cache may keep it, and asks each time whether it is still the same: another
// version of the program has another.
func (f *file) serve(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", "no-cache")
	content, etag := f.content, f.etag
	if f.gzipped {
		header.Set("Vary", "Accept-Encoding")
		if front.TakesGzip(c.Request.Header["Accept-Encoding"]) {
			header.Set("Content-Encoding", "gzip")
			etag += "-gzip"
		} else {
			var err error
			if content, err = unzipped(content); err != nil {
				problem.Write(c, err)
				return
			}
		}
	}
	header.Set("ETag", `"`+etag+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(content))
}

func unzipped(content []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("opening an embedded file: %w", err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("reading an embedded file: %w", err)
	}
	return plain, nil
}
