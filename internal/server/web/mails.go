package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// Acceptance answers who follows the link of a mail to accept an award: about the award, which is accepted or waits, or
// about why there is none, which the status says.
func (p *Pages) Acceptance(c *gin.Context, status int, award *operation.AwardView) {
	p.show(c, status, "mail-accept", view{Hidden: true, Bare: true, Body: struct {
		Award *operation.AwardView
		// TooOld says that the link was good once.
		TooOld bool
	}{award, status == http.StatusGone}})
}

// Unsubscribing answers who follows the link of a mail to get no more of them: it asks, or says that it is done.
func (p *Pages) Unsubscribing(c *gin.Context, done bool) {
	p.show(c, http.StatusOK, "mail-unsubscribe", view{Hidden: true, Bare: true, Body: done})
}

// FailMail answers who follows the link of a mail when that does not work: people with a page, programs with a problem.
func (p *Pages) FailMail(c *gin.Context, err error) {
	if !strings.Contains(c.GetHeader("Accept"), "text/html") {
		problem.Write(c, err)
		return
	}
	p.failed(c, fault.As(err), view{Hidden: true, Bare: true})
}
