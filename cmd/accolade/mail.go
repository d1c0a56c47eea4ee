package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/notify"
)

type mailCommand struct {
	Preview mailPreviewCommand `cmd:"" help:"Print the mail that tells of an award, without sending it."`
}

type mailPreviewCommand struct {
	Format  string `enum:"eml,html,text" default:"eml" help:"The whole mail (eml), or its HTML or text alone."`
	BaseURL string `default:"https://achievements.example.com" help:"What links begin with." name:"base-url"`
	Accept  bool   `help:"The mail of an award that waits to be accepted."`
	Out     string `type:"path" help:"File to write it to." placeholder:"FILE"`
}

// Run prints a mail with an example in it. It needs no configuration.
func (c mailPreviewCommand) Run() error {
	sender, err := notify.NewMail(notify.MailConfig{
		Server: "smtp://localhost", From: "Acme <achievements@example.com>", BaseURL: c.BaseURL, Book: "preview",
	})
	if err != nil {
		return err
	}
	var out io.Writer = os.Stdout
	if c.Out != "" {
		file, err := os.Create(c.Out)
		if err != nil {
			return fmt.Errorf("making the file: %w", err)
		}
		defer file.Close()
		out = file
	}
	letter := exampleLetter()
	if c.Accept {
		letter.Accept = "example"
	}
	return sender.Preview(out, c.Format, letter)
}

func exampleLetter() *notify.Letter {
	awarded := time.Date(2026, time.November, 2, 9, 47, 13, 0, time.UTC)
	return &notify.Letter{
		Notice: notify.Notice{
			Award: achievement.Award{
				ID: 90, AwardedAt: awarded, AwardedBy: 8,
				Message: "Thank you for the release!", EventURL: "https://github.example.com/acme/rocket/pull/41",
			},
			Giver:       achievement.User{ID: 8, Name: "Grace Hopper"},
			Achievement: achievement.Achievement{Name: "First contribution merged", Description: "Somebody merged your first contribution."},
			Namespace:   achievement.Namespace{FullPath: "acme/tools", Name: "Tools"},
			User:        achievement.User{ID: 7, Username: "ada", Name: "Ada Lovelace", Email: "ada@example.com", AwardEmails: true},
		},
		Unsubscribe: "example", Date: awarded,
	}
}
