// Package hook is the door for webhooks: POST /hooks/{source}.
//
// It bounds what it reads, hands the raw bytes to automation.Receive and tells the forge what the
// delivery caused. It decides nothing, and may import the generated contract, automation, fault
// and the translation of faults.
package hook

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

const (
	// answerWithin keeps the answer inside the shortest patience of the forges, Gitea's 5 s.
	answerWithin = 4500 * time.Millisecond
)

// Mount adds the route to the engine. now tells when a delivery was received.
func Mount(routes gin.IRouter, receiver *automation.Automation, now func() time.Time) {
	h := &handler{receiver: receiver, now: now, memory: newMemory()}
	routes.POST("/hooks/:source", h.receive)
}

type handler struct {
	receiver *automation.Automation
	now      func() time.Time
	memory   *memory
}

func (h *handler) receive(c *gin.Context) {
	received := h.now()
	if c.GetHeader("Content-Encoding") != "" {
		problem.WriteStatus(c, http.StatusUnsupportedMediaType, fault.New(fault.Invalid, "content_encoding",
			"compressed bodies are not accepted"))
		return
	}
	source := c.Param("source")
	if !h.receiver.Knows(source) {
		problem.Write(c, fault.NotFoundFor("source"))
		return
	}
	body, release, err := h.memory.read(c.Writer, c.Request)
	defer release()
	if err != nil {
		problem.Write(c, err)
		return
	}
	ctx, done := context.WithTimeout(c.Request.Context(), answerWithin)
	defer done()
	receipt, err := h.receiver.Receive(ctx, source, forge.Request{
		Header: c.Request.Header, Body: body, ReceivedAt: received,
	})
	if err != nil {
		problem.Write(c, err)
		return
	}
	c.JSON(http.StatusAccepted, answer(receipt))
}

func answer(receipt *automation.Receipt) api.WebhookReceipt {
	out := api.WebhookReceipt{
		Duplicate: receipt.Outcome == automation.Duplicate,
		Outcome:   api.WebhookReceiptOutcome(receipt.Outcome),
		Events:    make([]api.ReceivedEvent, len(receipt.Events)),
		Awards:    given(receipt.Awards), Revocations: given(receipt.Revocations),
	}
	if receipt.DeliveryID != 0 { // what is spooled has none yet
		out.DeliveryId = &receipt.DeliveryID
	}
	if receipt.Problem != "" {
		out.Problem = &receipt.Problem
	}
	for i, seen := range receipt.Events {
		out.Events[i] = api.ReceivedEvent{Kind: seen.Kind, New: seen.New}
	}
	return out
}

func given(awards []automation.Given) []api.ReceiptAward {
	out := make([]api.ReceiptAward, len(awards))
	for i, award := range awards {
		out[i] = api.ReceiptAward{
			Id:          &award.AwardID,
			Achievement: api.ReceiptAchievement{Id: award.AchievementID, Name: award.Name},
			User:        api.ReceiptUser{Id: award.UserID, Username: award.Username},
		}
		if award.AwardID == 0 { // a dry run gave nothing
			out[i].Id = nil
		}
		if award.Key != "" {
			out[i].Achievement.Key = &award.Key
		}
	}
	return out
}
