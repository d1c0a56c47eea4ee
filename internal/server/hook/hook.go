// Package hook is the door for webhooks: POST /hooks/{source}.
//
// It bounds what it reads, hands the raw bytes to automation.Receive and tells the forge what the
// delivery caused. It decides nothing, and may import the generated contract, automation, fault
// and the translation of faults.
package hook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/semaphore"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

const (
	// maxBody is the largest body that GitHub and GitLab send.
	maxBody = 25 << 20
	// maxInFlight bounds the bodies that are held in memory at once, whoever sends them.
	maxInFlight = 64 << 20
	// maxWait is how long a body waits for its share of memory before it is refused.
	maxWait = 2 * time.Second
	// answerWithin keeps the answer inside the shortest patience of the forges, Gitea's 5 s.
	answerWithin = 4500 * time.Millisecond
)

// Mount adds the route to the engine. now tells when a delivery was received.
func Mount(routes gin.IRouter, receiver *automation.Automation, now func() time.Time) {
	h := &handler{receiver: receiver, now: now, memory: semaphore.NewWeighted(maxInFlight)}
	routes.POST("/hooks/:source", h.receive)
}

type handler struct {
	receiver *automation.Automation
	now      func() time.Time
	memory   *semaphore.Weighted
}

func (h *handler) receive(c *gin.Context) {
	received := h.now()
	if c.GetHeader("Content-Encoding") != "" {
		problem.WriteStatus(c, http.StatusUnsupportedMediaType, fault.New(fault.Invalid, "content_encoding",
			"compressed bodies are not accepted"))
		return
	}
	size := c.Request.ContentLength
	if size > maxBody {
		problem.Write(c, tooLarge())
		return
	}
	if size < 0 {
		size = maxBody
	}
	wait, cancel := context.WithTimeout(c.Request.Context(), maxWait)
	defer cancel()
	if err := h.memory.Acquire(wait, size); err != nil {
		problem.Write(c, fault.UnavailableFor("memory for the body", maxWait).Because(err))
		return
	}
	defer h.memory.Release(size)

	body, err := readBody(c.Writer, c.Request)
	if err != nil {
		problem.Write(c, err)
		return
	}
	ctx, done := context.WithTimeout(c.Request.Context(), answerWithin)
	defer done()
	receipt, err := h.receiver.Receive(ctx, c.Param("source"), forge.Request{
		Header: c.Request.Header, Body: body, ReceivedAt: received,
	})
	if err != nil {
		problem.Write(c, err)
		return
	}
	c.JSON(http.StatusAccepted, answer(receipt))
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(w, r.Body, maxBody)
	if r.ContentLength >= 0 {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(limited, body); err != nil {
			return nil, cutShort(err)
		}
		return body, nil
	}
	body, err := io.ReadAll(limited)
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, cutShort(err)
	}
	return body, nil
}

func tooLarge() *fault.Error {
	return fault.New(fault.TooLarge, "body_too_large", "the body is larger than %d MiB", maxBody>>20)
}

func cutShort(cause error) *fault.Error {
	return fault.New(fault.Invalid, "body_cut_short", "the body ended before its announced length").Because(cause)
}

func answer(receipt *automation.Receipt) api.WebhookReceipt {
	out := api.WebhookReceipt{
		DeliveryId: receipt.DeliveryID,
		Duplicate:  receipt.Outcome == automation.Duplicate,
		Outcome:    api.WebhookReceiptOutcome(receipt.Outcome),
		Events:     make([]api.ReceivedEvent, len(receipt.Events)),
		Awards:     given(receipt.Awards), Revocations: given(receipt.Revocations),
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
