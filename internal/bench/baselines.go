package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// serve runs a baseline until it is told to stop; it says where it serves as the real server does.
func serve(name string) error {
	engine := gin.New()
	path := "/hooks/" + sourceName
	switch name {
	case "bare":
		engine.POST(path, bare)
	case "naive":
		n, err := newNaive(context.Background())
		if err != nil {
			return err
		}
		defer n.close()
		engine.POST(path, n.receive)
	case "naive-store":
		n, err := newNaive(context.Background())
		if err != nil {
			return err
		}
		defer n.close()
		engine.POST(path, n.store)
	case bareReads:
		pool, err := mountReads(context.Background(), engine)
		if err != nil {
			return err
		}
		defer pool.Close()
	default:
		return fmt.Errorf("there is no baseline %q", name)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: engine, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).InfoContext(ctx, "serving", "url", "http://"+listener.Addr().String())
	if err := server.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// verified reads the body and checks its signature, which every contestant does.
func verified(c *gin.Context) (forge.Request, bool) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		c.Status(http.StatusBadRequest)
		return forge.Request{}, false
	}
	request := forge.Request{Header: c.Request.Header, Body: body, ReceivedAt: time.Now().UTC()}
	speaks, _ := forge.ByName("github")
	if err := speaks.Verify([]string{hookSecret}, request); err != nil {
		c.Status(http.StatusUnauthorized)
		return forge.Request{}, false
	}
	return request, true
}

func bare(c *gin.Context) {
	if _, ok := verified(c); ok {
		c.JSON(http.StatusAccepted, gin.H{"accepted": true})
	}
}
