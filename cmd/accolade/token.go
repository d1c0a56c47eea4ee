package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-504bad89/accolade/api/client"
)

type tokenCommand struct {
	service

	User    string        `arg:"" help:"Username of the person whom the token is for."`
	Name    string        `help:"What the token is for." default:"command line"`
	Scopes  []string      `help:"What it may do: read, write, admin." default:"read,write"`
	Expires time.Duration `help:"How long it is valid; 0 for ever." default:"0"`
}

// Run issues a token through the API, as the admin whose token is in ACCOLADE_ADMIN_TOKEN, and
// prints it.
func (c tokenCommand) Run(ctx context.Context) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	issued, err := issueToken(ctx, api, c)
	if err != nil {
		return err
	}
	fmt.Println(issued)
	return nil
}

// issueToken asks the service for the token.
func issueToken(ctx context.Context, api *client.ClientWithResponses, c tokenCommand) (string, error) {
	wish := client.CreateToken{Name: c.Name}
	for _, scope := range c.Scopes {
		wish.Scopes = append(wish.Scopes, client.Scope(scope))
	}
	if c.Expires > 0 {
		wish.ExpiresAt = new(time.Now().Add(c.Expires).UTC())
	}
	answer, err := api.CreateTokenWithResponse(ctx, c.User, nil, wish)
	if err != nil {
		return "", fmt.Errorf("asking the service: %w", err)
	}
	if answer.JSON201 == nil {
		return "", refused(answer.Status(), answer.Body)
	}
	return answer.JSON201.Token, nil
}
