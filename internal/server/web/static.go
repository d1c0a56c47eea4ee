package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// asset is a file that pages use. Its address has its hash, so that browsers may keep it for ever.
type asset struct {
	content     []byte
	contentType string
	hash        string
}

// theAssets are the files by name, read once.
var theAssets = sync.OnceValue(mustAssets)

func mustAssets() map[string]*asset {
	assets := map[string]*asset{}
	names, err := fs.Glob(files, "static/*")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it is embedded
		}
		sum := sha256.Sum256(content)
		assets[path.Base(name)] = &asset{content, mime.TypeByExtension(path.Ext(name)), hex.EncodeToString(sum[:6])}
	}
	return assets
}

// assetPath is /static/app-0123456789ab.css for app.css.
func assetPath(name string, of *asset) string {
	extension := path.Ext(name)
	return "/static/" + strings.TrimSuffix(name, extension) + "-" + of.hash + extension
}

func (a *asset) serve(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("ETag", `"`+a.hash+`"`)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(a.content))
}
