package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/badge"
	"github.com/seed-504bad89/accolade/internal/config"
)

type badgeCommand struct {
	Render badgeRenderCommand `cmd:"" help:"Write badges and cards of people as files, which need no service when somebody looks at them."`
}

const (
	// badgePatience is how long a service may take for a picture, and maxBadge how large one may be.
	badgePatience = 30 * time.Second
	maxBadge      = 16 << 20
)

type badgeRenderCommand struct {
	service

	Users  []string `name:"user" required:"" help:"Whose; may be given several times." placeholder:"USER"`
	Out    string   `help:"The directory that gets a directory for each user." default:"badges" type:"path" placeholder:"DIR"`
	Style  string   `help:"The badge's style: flat, flat-square, plastic, for-the-badge or social." enum:"flat,flat-square,plastic,for-the-badge,social" default:"flat" placeholder:"STYLE"`
	Theme  string   `help:"The badge's theme: default, auto, light, dark or transparent." enum:"default,auto,light,dark,transparent" default:"default" placeholder:"THEME"`
	Label  *string  `help:"The badge's label; default: the username." placeholder:"TEXT"`
	Color  string   `help:"The colour of the badge's message and of the card's counts." placeholder:"COLOR"`
	Row    int      `help:"At most so many rows on the card." default:"3" placeholder:"N"`
	Column int      `help:"At most so many columns on the card." default:"6" placeholder:"N"`
	Hide   string   `help:"What to leave out: achievements by key or id, and title, total, names, counts or border of the card." placeholder:"LIST"`
}

// Run writes what has changed. What cannot be read leaves the files of before as they are.
func (c badgeRenderCommand) Run(ctx context.Context) error {
	if len(c.Users) == 0 {
		return errors.New("whose? name a user by --user")
	}
	if c.Color != "" && !badge.IsColor(c.Color) {
		return fmt.Errorf("--color: %q is no colour; write a name such as green, or rrggbb", c.Color)
	}
	if c.Row < 1 || c.Column < 1 {
		return errors.New("--row and --column are at least 1")
	}
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	address := c.address(cfg)
	var failed []error
	for _, user := range c.Users {
		if err := c.render(ctx, address, user); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", user, err))
		}
	}
	return errors.Join(failed...)
}

// render reads all pictures of a user before it writes the first one, so that they go together.
func (c badgeRenderCommand) render(ctx context.Context, address, user string) error {
	if err := achievement.CheckUsername("user", user); err != nil {
		return err
	}
	profile := address + "/users/" + url.PathEscape(user)
	directory := filepath.Join(c.Out, user)
	files := []struct{ name, text string }{
		{"badge.svg", profile + "/badge.svg?" + c.badgeQuery()},
		{"card-light.svg", profile + "/card.svg?" + c.cardQuery("light")},
		{"card-dark.svg", profile + "/card.svg?" + c.cardQuery("dark")},
		{"embed.md", ""},
	}
	for i := range files {
		if files[i].text == "" {
			files[i].text = snippet(profile, c.Out, user)
			continue
		}
		svg, err := fetchSVG(ctx, files[i].text)
		if err != nil {
			return err
		}
		files[i].text = string(svg)
	}
	if err := os.MkdirAll(directory, 0o755); err != nil { //nolint:gosec // it is for everyone
		return fmt.Errorf("making a directory: %w", err)
	}
	for _, file := range files {
		if err := writeChanged(filepath.Join(directory, file.name), file.text); err != nil {
			return err
		}
	}
	return nil
}

func (c badgeRenderCommand) badgeQuery() string {
	query := url.Values{"style": {c.Style}, "theme": {c.Theme}, "color": {c.Color}, "hide": {c.Hide}}
	if c.Label != nil {
		query.Set("label", *c.Label)
	}
	return query.Encode()
}

func (c badgeRenderCommand) cardQuery(theme string) string {
	return url.Values{
		"theme": {theme}, "color": {c.Color}, "hide": {c.Hide}, "row": {strconv.Itoa(c.Row)}, "column": {strconv.Itoa(c.Column)},
	}.Encode()
}

// fetchSVG reads a picture, and makes sure that it is one: it will be shown for a long time.
func fetchSVG(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, badgePatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%s is no address of a service: %w", address, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking the service: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return nil, errors.New("there is nobody of this name who shows achievements to everyone")
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the service refused: %s", response.Status)
	}
	if kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || kind != "image/svg+xml" {
		return nil, fmt.Errorf("%s answers with no SVG: is that the service?", address)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBadge))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if err := checkSVG(body); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return body, nil
}

// checkSVG refuses what is cut short or nothing that a browser would show.
func checkSVG(body []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	root := ""
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && root == "svg":
			return nil
		case err != nil:
			return fmt.Errorf("it is no whole SVG: %w", err)
		}
		if element, ok := token.(xml.StartElement); ok && root == "" {
			root = element.Name.Local
		}
	}
}

// snippet is what goes into a README to show the card, in what the reader prefers.
func snippet(profile, out, user string) string {
	directory := filepath.ToSlash(filepath.Join(out, user))
	if here, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(here, filepath.Join(out, user)); err == nil && filepath.IsLocal(relative) {
			directory = filepath.ToSlash(relative)
		}
	}
	directory = (&url.URL{Path: directory}).EscapedPath()
	return fmt.Sprintf(`<a href="%s">
  <picture>
    <source media="(prefers-color-scheme: dark)" srcset="%s/card-dark.svg">
    <img src="%[2]s/card-light.svg" alt="Achievements of %s">
  </picture>
</a>
`, html.EscapeString(profile), html.EscapeString(directory), html.EscapeString(user))
}

// writeChanged writes the file unless it holds the text already, and says what it did.
func writeChanged(name, text string) error {
	before, err := os.ReadFile(name)
	if err == nil && string(before) == text {
		fmt.Println("unchanged", name)
		return nil
	}
	if err := replaceFileFor(name, text, publicFile); err != nil {
		return err
	}
	fmt.Println("written", name)
	return nil
}
