package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/seed-504bad89/accolade/api/client"
	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/config"
)

// service is a running service that a command speaks to, as the admin whose token is configured.
type service struct {
	Server string `help:"The service's address; default: the configured one." placeholder:"URL"`
}

// connect returns a client of the service.
func (s service) connect() (*client.ClientWithResponses, error) {
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		return nil, err
	}
	if cfg.AdminToken == "" {
		return nil, errors.New("set ACCOLADE_ADMIN_TOKEN (or ACCOLADE_ADMIN_TOKEN_FILE) to an admin's token")
	}
	address := s.address(cfg)
	api, err := client.NewClientWithResponses(address, client.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+cfg.AdminToken)
			return nil
		}))
	if err != nil {
		return nil, fmt.Errorf("%s is no address of a service: %w", address, err)
	}
	return api, nil
}

// address is where the service is, without a slash at its end.
func (s service) address(cfg app.Config) string {
	address := s.Server
	switch {
	case address != "":
	case cfg.BaseURL != "":
		address = cfg.BaseURL
	default:
		address = "http://" + cfg.Listen
	}
	return strings.TrimSuffix(address, "/")
}

// refused is what a service's refusal means to a command: its words and its code, and the body where that is no problem of
// a service, such as a proxy's page.
func refused(status string, body []byte) error {
	var problem client.Problem
	if err := json.Unmarshal(body, &problem); err != nil || problem.Detail == "" {
		return fmt.Errorf("the service refused: %s: %s", status, body)
	}
	told := []string{fmt.Sprintf("the service refused: %s (%s)", problem.Detail, problem.Code)}
	var fields []client.FieldProblem
	if problem.Errors != nil {
		fields = *problem.Errors
	}
	for _, field := range fields {
		if !strings.Contains(problem.Detail, field.Detail) {
			told = append(told, fmt.Sprintf("  %s: %s", field.Field, field.Detail))
		}
	}
	return errors.New(strings.Join(told, "\n"))
}
