package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"slices"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// scene is one delivery of the demo and what must come of it.
type scene struct {
	recording, source string
	// deliveryID, when set, replaces the recorded one, as Gitea does when it sends again.
	deliveryID string
	tells      string
	// gives and takes are "achievement key to username", in the order of the receipt.
	gives, takes []string
	duplicate    bool
}

func scenes() []scene {
	return []scene{
		{
			recording: "01-github-opened", source: "github", tells: "Ada opens her first pull request on GitHub.",
			gives: []string{"first-merge-request to ada"},
		},
		{
			recording: "02-github-merged", source: "github", tells: "Grace merges it. The author earned it, not who pressed the button.",
			gives: []string{"first-merge to ada"},
		},
		{
			recording: "02-github-merged", source: "github", tells: "GitHub delivers the same event once more.",
			duplicate: true,
		},
		{
			recording: "03-github-merged-second", source: "github", tells: "Ada's second merge: the first one cannot be earned twice.",
		},
		{
			recording: "04-github-merged-third", source: "github", tells: "Ada's third merge crosses the first step of a ladder.",
			gives: []string{"contributor to ada"},
		},
		{
			recording: "05-gitlab-merged", source: "gitlab", tells: "On GitLab, Otis merges Mira's merge request.",
			gives: []string{"first-merge to mira"},
		},
		{
			recording: "06-github-team-added", source: "github", tells: "Grace joins the core team.",
			gives: []string{"core-team to grace"},
		},
		{
			recording: "07-github-team-removed", source: "github", tells: "Grace leaves the core team; the achievement goes with her.",
			takes: []string{"core-team to grace"},
		},
		{
			recording: "08-gitea-docs-merged", source: "gitea", tells: "On Gitea, Juno's documentation is merged.",
			gives: []string{"documentation-helper to juno", "first-merge to juno"},
		},
		{
			recording: "09-gitea-docs-merged-second", source: "gitea", tells: "And again: a repeatable achievement, once for each merge request.",
			gives: []string{"documentation-helper to juno"},
		},
		{
			recording: "09-gitea-docs-merged-second", source: "gitea", deliveryID: "6b1f0c9e-2d4a-4b7e-8f3c-5a9d7e1b3c99",
			tells: "Gitea sends that once more, under another delivery id: it is the same event.",
		},
		{
			recording: "10-github-star", source: "github", tells: "Somebody stars the repository; no rule asks for it.",
		},
	}
}

// story plays the scenes to a service and keeps what came of them.
type story struct {
	out     io.Writer
	url     string
	token   string
	secrets map[string]forge.Source
	people  []string
}

func newStory(out io.Writer, url, token string, sources []forge.Source) *story {
	s := &story{out: out, url: url, token: token, secrets: map[string]forge.Source{}}
	for _, source := range sources {
		s.secrets[source.Name] = source
	}
	return s
}

// receipt is what the demo reads of the answer to a delivery.
type receipt struct {
	Duplicate   bool
	Outcome     string
	Events      []struct{ New bool }
	Awards      []given
	Revocations []given
}

type given struct {
	Achievement struct{ Key, Name string }
	User        struct{ Username string }
}

// play sends every delivery and compares what it caused with what it must cause.
func (s *story) play(ctx context.Context) error {
	fmt.Fprintf(s.out, "Accolade is running on %s, with the starter rules and three sources.\n\n", s.url)
	var wrong []error
	for i, scene := range scenes() {
		got, err := s.deliver(ctx, scene)
		if err != nil {
			return fmt.Errorf("%s: %w", scene.recording, err)
		}
		fmt.Fprintf(s.out, "%2d. %s\n", i+1, scene.tells)
		s.account(got)
		wrong = append(wrong, scene.compare(got))
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	for _, person := range s.people {
		if err := s.profile(ctx, person); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, "\nEverything expected was awarded, and nothing else.\n")
	return nil
}

// account tells what a delivery caused.
func (s *story) account(got receipt) {
	for _, award := range got.Awards {
		fmt.Fprintf(s.out, "      + %s gets %q\n", award.User.Username, award.Achievement.Name)
		if !slices.Contains(s.people, award.User.Username) {
			s.people = append(s.people, award.User.Username)
		}
	}
	for _, award := range got.Revocations {
		fmt.Fprintf(s.out, "      - %s loses %q\n", award.User.Username, award.Achievement.Name)
	}
	old := slices.ContainsFunc(got.Events, func(ev struct{ New bool }) bool { return !ev.New })
	switch {
	case got.Duplicate:
		fmt.Fprintln(s.out, "        nothing: this delivery is known")
	case old:
		fmt.Fprintln(s.out, "        nothing: this event is known")
	case len(got.Awards)+len(got.Revocations) == 0:
		fmt.Fprintf(s.out, "        nothing (%s)\n", got.Outcome)
	}
}

func (sc scene) compare(got receipt) error {
	names := func(awards []given) []string {
		var list []string
		for _, award := range awards {
			list = append(list, award.Achievement.Key+" to "+award.User.Username)
		}
		slices.Sort(list)
		return list
	}
	if !slices.Equal(names(got.Awards), sc.gives) || !slices.Equal(names(got.Revocations), sc.takes) || got.Duplicate != sc.duplicate {
		return fmt.Errorf("%s: expected to give %v, take %v, duplicate %t; it gave %v, took %v, duplicate %t", sc.recording,
			sc.gives, sc.takes, sc.duplicate, names(got.Awards), names(got.Revocations), got.Duplicate)
	}
	return nil
}

// deliver signs a recorded delivery and sends it as the forge would.
func (s *story) deliver(ctx context.Context, sc scene) (receipt, error) {
	recorded, err := recordings.ReadFile("recordings/" + sc.recording + ".http")
	if err != nil {
		return receipt{}, fmt.Errorf("reading the recording: %w", err)
	}
	lines := bufio.NewReader(bytes.NewReader(recorded))
	header, err := textproto.NewReader(lines).ReadMIMEHeader()
	if err != nil {
		return receipt{}, fmt.Errorf("reading the recorded headers: %w", err)
	}
	body, err := io.ReadAll(lines)
	if err != nil {
		return receipt{}, fmt.Errorf("reading the recorded body: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/hooks/"+sc.source, bytes.NewReader(body))
	if err != nil {
		return receipt{}, fmt.Errorf("making the request: %w", err)
	}
	request.Header = http.Header(header)
	if sc.deliveryID != "" {
		request.Header.Set("X-Gitea-Delivery", sc.deliveryID)
	}
	source := s.secrets[sc.source]
	forge.Sign(source.Forge, source.Secrets[0], request.Header, body)
	var got receipt
	err = s.exchange(request, http.StatusAccepted, &got)
	return got, err
}

// exchange sends the request and decodes the answer.
func (s *story) exchange(request *http.Request, status int, into any) error {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if response.StatusCode != status {
		return fmt.Errorf("the service answered %s: %s", response.Status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// profile shows what everyone sees on a person's profile.
func (s *story) profile(ctx context.Context, person string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/users/"+person+"/awards", http.NoBody)
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	var page struct {
		Items []struct {
			Achievement struct{ Name string }
			Rule        string
			EventURL    string `json:"event_url"`
		}
	}
	if err := s.exchange(request, http.StatusOK, &page); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s holds %d\n", person, len(page.Items))
	for _, item := range page.Items {
		fmt.Fprintf(s.out, "    %-26s by the rule %s\n", item.Achievement.Name, item.Rule)
		fmt.Fprintf(s.out, "    %-26s for %s\n", "", item.EventURL)
	}
	return nil
}

// invite says how to look around while the demo stays up.
func (s *story) invite() {
	fmt.Fprintf(s.out, `
Look around (stop with Ctrl-C; nothing is kept):

  curl %[1]s/api/v1/users/ada/awards
  curl %[1]s/api/v1/namespaces/acme/achievements
  curl -H 'Authorization: Bearer %[2]s' %[1]s/api/v1/user
  curl %[1]s/openapi.yaml
`, s.url, s.token)
}
