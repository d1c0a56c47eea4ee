package server

import (
	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/web"
)

// mountUnsubscribe adds the end of the mails: POST ends them, as RFC 8058 has it, without a cookie or a
// token of the API; GET asks first, because programs that look for malice follow every link.
func mountUnsubscribe(routes gin.IRouter, operations *operation.Operations, limits *limits, pages *web.Pages) {
	routes.GET("/unsubscribe/:token", func(c *gin.Context) { pages.Unsubscribing(c, false) })
	routes.POST("/unsubscribe/:token", bounded, origin, func(c *gin.Context) {
		if err := limits.take(c, operation.Caller{}); err != nil {
			pages.FailMail(c, err)
			return
		}
		err := operations.Unsubscribe(c.Request.Context(), c.Param("token"))
		switch {
		case fault.Is(err, fault.NotFound):
			pages.FailMail(c, fault.NotFoundFor("subscription"))
		case err != nil:
			pages.FailMail(c, err)
		default:
			pages.Unsubscribing(c, true)
		}
	})
}
