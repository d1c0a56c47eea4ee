package server_test

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/server/front"
)

// mountKept adds a route whose answer is kept.
func mountKept(routes gin.IRouter) {
	routes.GET("/kept", func(c *gin.Context) {
		front.Keep(c, front.User(1))
		c.Data(http.StatusOK, "application/json", make([]byte, 4300))
	})
}
