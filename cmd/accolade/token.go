package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/api/client"
	"github.com/seed-504bad89/accolade/internal/config"
)

type tokenCommand struct {
	User    string        `arg:"" help:"Username of the person whom the token is for."`
	Name    string        `help:"What the token is for." default:"command line"`
	Scopes  []string      `help:"What it may do: read, write, admin." default:"read,write"`
	Expires time.Duration `help:"How long it is valid; 0 for ever." default:"0"`
	Server  string        `help:"The service's address; default: the configured one." placeholder:"URL"`
}

// Run issues a token through the API, as the admin whose token is in ACCOLADE_ADMIN_TOKEN, and
// prints it.
func (c tokenCommand) Run(ctx context.Context) error {
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	if cfg.AdminToken == "" {
		return errors.New("set ACCOLADE_ADMIN_TOKEN (or ACCOLADE_ADMIN_TOKEN_FILE) to an admin's token")
	}
	address := c.Server
	switch {
	case address != "":
	case cfg.BaseURL != "":
		address = cfg.BaseURL
	default:
		address = "http://" + cfg.Listen
	}
	issued, err := issueToken(ctx, strings.TrimSuffix(address, "/"), cfg.AdminToken, c)
	if err != nil {
		return err
	}
	fmt.Println(issued)
	return nil
}

// issueToken asks the service for the token.
func issueToken(ctx context.Context, address, adminToken string, c tokenCommand) (string, error) {
	wish := client.CreateToken{Name: c.Name}
	for _, scope := range c.Scopes {
		wish.Scopes = append(wish.Scopes, client.Scope(scope))
	}
	if c.Expires > 0 {
		wish.ExpiresAt = new(time.Now().Add(c.Expires).UTC())
	}
	api, err := client.NewClientWithResponses(address, client.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+adminToken)
			return nil
		}))
	if err != nil {
		return "", fmt.Errorf("%s is no address of a service: %w", address, err)
	}
	answer, err := api.CreateTokenWithResponse(ctx, c.User, nil, wish)
	if err != nil {
		return "", fmt.Errorf("asking %s: %w", address, err)
	}
	if answer.JSON201 == nil {
		return "", fmt.Errorf("the service refused: %s: %s", answer.Status(), answer.Body)
	}
	return answer.JSON201.Token, nil
}
