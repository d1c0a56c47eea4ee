package server

import (
	"maps"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// withHead are routes that know HEAD wherever they know GET, which gin's do not. net/http leaves out
// the body.
type withHead struct{ gin.IRouter }

// GET routes both methods to the handlers.
func (r withHead) GET(path string, handlers ...gin.HandlerFunc) gin.IRoutes {
	r.IRouter.GET(path, handlers...)
	return r.HEAD(path, handlers...)
}

// withHead lets the contract know that HEAD is what GET is.
func (ct *contract) withHead() {
	for key, route := range maps.Clone(ct.routes) {
		if path, ok := strings.CutPrefix(key, http.MethodGet+" "); ok {
			ct.routes[http.MethodHead+" "+path] = route
		}
	}
}
