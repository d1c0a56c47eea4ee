package server

import (
	"embed"

	"github.com/gin-gonic/gin"
)

// explorer is a page to try GraphQL on, which asks no other host for anything.
//
//go:embed explorer
var explorer embed.FS

const explorerPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// mountExplorer serves the page where GitLab has its own. It panics when an embedded file is missing, which the
// tests would have shown.
func mountExplorer(routes gin.IRouter) {
	const path = "/-/graphql-explorer"
	index := mustFile(explorer, "explorer/index.html", "text/html; charset=utf-8")
	routes.GET(path, func(c *gin.Context) {
		c.Header("Content-Security-Policy", explorerPolicy)
		index.serve(c)
	})
	routes.GET(path+"/explorer.js", mustFile(explorer, "explorer/explorer.js", "text/javascript; charset=utf-8").serve)
	routes.GET(path+"/explorer.css", mustFile(explorer, "explorer/explorer.css", "text/css; charset=utf-8").serve)
}
