package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/uptrace/bun"
)

// payload is what the naive server that only stores reads of a body.
type payload struct {
	Action string `json:"action"`
	Sender struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
	} `json:"sender"`
	Repository struct {
		FullName string `json:"full_name"`
		Language string `json:"language"`
		Stars    int    `json:"stargazers_count"`
	} `json:"repository"`
	PullRequest struct {
		Merged    bool   `json:"merged"`
		Additions int    `json:"additions"`
		Deletions int    `json:"deletions"`
		Title     string `json:"title"`
		Labels    []struct {
			Name string `json:"name"`
		} `json:"labels"`
	} `json:"pull_request"`
}

// store sets the delivery's id in Redis, parses the body, and keeps it by a transaction of one statement. It judges nothing.
func (n *naive) store(c *gin.Context) {
	request, ok := verified(c)
	if !ok {
		return
	}
	var body payload
	if err := json.Unmarshal(request.Body, &body); err != nil {
		c.String(http.StatusBadRequest, "%v", err)
		return
	}
	ctx := c.Request.Context()
	id := c.GetHeader("X-Github-Delivery")
	fresh, err := n.redis.SetNX(ctx, "naive:"+n.epoch+":"+id, 1, time.Hour).Result()
	if err == nil && fresh {
		err = n.db.RunInTx(ctx, &sql.TxOptions{}, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewRaw("INSERT INTO deliveries VALUES (?, ?, ?) ON CONFLICT DO NOTHING", id, request.ReceivedAt, string(request.Body)).Exec(ctx)
			return err
		})
	}
	if err != nil {
		c.String(http.StatusInternalServerError, "%v", err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"duplicate": !fresh, "action": body.Action})
}
