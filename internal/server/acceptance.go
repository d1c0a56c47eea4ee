package server

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
	"github.com/seed-504bad89/accolade/internal/server/web"
)

// mountAcceptance adds the acceptance of awards by the link of a mail: POST accepts, without a cookie or a token of the
// API; GET asks first and changes nothing, because programs that look for malice follow every link. The links go on
// working when acceptance is no longer required.
func mountAcceptance(routes gin.IRouter, operations *operation.Operations, limits *limits, pages *web.Pages) {
	answer := func(find func(context.Context, string) (*operation.AwardView, error)) gin.HandlerFunc {
		return func(c *gin.Context) {
			if err := limits.take(c, operation.Caller{}); err != nil {
				pages.FailMail(c, err)
				return
			}
			award, err := find(c.Request.Context(), c.Param("token"))
			switch {
			case err == nil:
				pages.Acceptance(c, http.StatusOK, award)
			case fault.Is(err, fault.NotFound), fault.Is(err, fault.Expired):
				pages.Acceptance(c, problem.Status(fault.As(err).Kind), nil)
			default:
				pages.FailMail(c, err)
			}
		}
	}
	routes.GET("/awards/accept/:token", answer(operations.AwardToAccept))
	routes.POST("/awards/accept/:token", bounded, origin, answer(operations.AcceptAward))
}
