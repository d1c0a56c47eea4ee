package forge_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// A field that an event can do without must never cost the event.
func TestSurprisingFieldsDoNotFailADelivery(t *testing.T) {
	t.Parallel()

	for _, forgeName := range codeForges() {
		for name, body := range map[string]string{
			"unused numbers out of range": opened(forgeName, `,"x":1e999,"y":-1e131071,"z":9223372036854775808`, `,"w":[1e999]`),
			"used numbers out of range":   opened(forgeName, `,"id":1e999,"additions":9223372036854775808`, ""),
			"used fields of other types":  opened(forgeName, `,"title":{"a":1},"labels":"none","user":7,"draft":"no","head":[],"created_at":{}`, `,"sender":"ada","user":[],"labels":{},"assignees":7`),
			"nulls":                       opened(forgeName, `,"title":null,"labels":[null],"user":null,"created_at":null,"target":null`, `,"sender":null,"user":null,"labels":null,"reviewers":[null]`),
			"duplicate keys":              opened(forgeName, `,"id":6,"id":8`, `,"x":1,"x":2`),
			"id as text":                  strings.Replace(opened(forgeName, "", ""), `":7`, `":"7"`, 1),
			"depth at the limit":          opened(forgeName, "", `,"deep":`+strings.Repeat("[", 63)+strings.Repeat("]", 63)),
			"brackets in texts":           opened(forgeName, `,"title":"`+strings.Repeat(`[\"`, 100)+`"`, ""),
		} {
			events, err := read(t, forgeName, body)
			if err != nil || len(events) != 1 || events[0].Key != "merge_request:9:7:opened" {
				t.Errorf("%s, %s: got %v and %v, want the event merge_request:9:7:opened", forgeName, name, events, err)
				continue
			}
			if ev := &events[0]; len(ev.People()) > 0 || ev.Repository.Path != "" || !ev.Private {
				t.Errorf("%s, %s: nobody and no repository but its id was sent, but the event is %+v", forgeName, name, ev)
			}
		}
	}
}

func TestTextsAreCleanedAndBounded(t *testing.T) {
	t.Parallel()

	for _, forgeName := range codeForges() {
		for _, tc := range []struct{ sent, want string }{
			{`"a\u0000b\u0000"`, "ab"},
			{`"lone \ud83d surrogates \udc00"`, "lone \ufffd surrogates \ufffd"},
			{"\"not \xff UTF-8\"", "not \ufffd UTF-8"},
			{`"<b>\u202e kept \ud83d\ude80"`, "<b>\u202e kept 🚀"},
			{`"` + strings.Repeat("x", 5000) + `"`, strings.Repeat("x", 1024)},
			{`"x` + strings.Repeat("é", 5000) + `"`, "x" + strings.Repeat("é", 511)},
		} {
			events, err := read(t, forgeName, opened(forgeName, `,"title":`+tc.sent, ""))
			if err != nil || events[0].Title != tc.want {
				t.Errorf("%s: the title %.40q became %.40q (%v), want %.40q", forgeName, tc.sent, events[0].Title, err, tc.want)
			}
		}
	}
}

func TestLabelsAreBoundedAndSingle(t *testing.T) {
	t.Parallel()

	var labels strings.Builder
	labels.WriteString(`{"name":"a","title":"a"},{"name":"a","title":"a"},{"name":"","title":""}`)
	for i := range 1000 {
		labels.WriteString(`,{"name":"l` + strconv.Itoa(i) + `","title":"l` + strconv.Itoa(i) + `"}`)
	}
	for _, forgeName := range codeForges() {
		if !forge.Tells(forgeName, event.MergeRequestLabeled) {
			continue
		}
		events, err := read(t, forgeName, opened(forgeName, `,"labels":[`+labels.String()+`]`, ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := events[0].Labels; len(got) != 254 || got[0] != "a" || got[1] != "l0" {
			t.Errorf("%s: %d labels, starting %q", forgeName, len(got), got[:min(3, len(got))])
		}
	}
}

func TestOnlyWebAddressesBecomeLinks(t *testing.T) {
	t.Parallel()

	for _, forgeName := range codeForges() {
		for address, want := range map[string]string{
			"https://forge.example.com/7":   "https://forge.example.com/7",
			"http://forge.internal:3000/7":  "http://forge.internal:3000/7",
			"javascript:alert(1)//https://": "",
			"//forge.example.com":           "",
		} {
			events, err := read(t, forgeName, opened(forgeName, `,"html_url":"`+address+`","url":"`+address+`","links":{"html":{"href":"`+address+`"},"self":[{"href":"`+address+`"}]}`, ""))
			if err != nil || events[0].URL != want {
				t.Errorf("%s: %q became the link %q (%v), want %q", forgeName, address, events[0].URL, err, want)
			}
		}
	}
}

func TestBots(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		forge, user string
		bot         bool
	}{
		{forge.GitHub, `{"id":1,"login":"ada","type":"User"}`, false},
		{forge.GitHub, `{"id":1,"login":"dependabot[bot]"}`, true},
		{forge.GitHub, `{"id":1,"login":"queue","type":"Bot"}`, true},
		{forge.GitHub, `{"id":10137,"login":"ghost","type":"User"}`, true},
		{forge.GitHub, `{"id":1,"login":"Acme-Releaser","type":"User"}`, true},
		{forge.GitHub, `{"id":1,"login":"robot","type":"User"}`, false},
		{forge.GitLab, `{"id":1,"username":"ada"}`, false},
		{forge.GitLab, `{"id":1,"username":"project_318_bot_5e1f0c"}`, true},
		{forge.GitLab, `{"id":1,"username":"project_318_bot"}`, true},
		{forge.GitLab, `{"id":1,"username":"group_7_bot_0a"}`, true},
		{forge.GitLab, `{"id":1,"username":"service_account_group_7_0a"}`, true},
		{forge.GitLab, `{"id":1,"username":"ghost1"}`, true},
		{forge.GitLab, `{"id":1,"username":"support-bot"}`, true},
		{forge.GitLab, `{"id":1,"username":"alert-bot"}`, true},
		{forge.GitLab, `{"id":1,"username":"ghostwriter"}`, false},
		{forge.GitLab, `{"id":1,"username":"my_project_318_bot"}`, false},
		{forge.GitLab, `{"id":1,"username":"acme-releaser"}`, true},
		{forge.Gitea, `{"id":1,"login":"ada"}`, false},
		{forge.Gitea, `{"id":-2,"login":"gitea-actions"}`, true},
		{forge.Gitea, `{"id":-1,"login":"Ghost"}`, true},
		{forge.Gitea, `{"id":7,"login":"renovate[bot]"}`, true},
		{forge.Forgejo, `{"id":1,"login":"ACME-releaser"}`, true},
		{forge.Forgejo, `{"id":7,"login":"forgejo-actions"}`, true},
		{forge.BitbucketCloud, `{"uuid":"{1}","nickname":"ada","type":"user"}`, false},
		{forge.BitbucketCloud, `{"uuid":"{1}","nickname":"Deploy","type":"app_user"}`, true},
		{forge.BitbucketCloud, `{"uuid":"{1}","nickname":"ACME-releaser","type":"user"}`, true},
		{forge.BitbucketServer, `{"id":1,"name":"ada","type":"NORMAL"}`, false},
		{forge.BitbucketServer, `{"id":1,"name":"access-token-user/4/1","type":"SERVICE"}`, true},
		{forge.BitbucketServer, `{"id":1,"name":"ACME-releaser","type":"NORMAL"}`, true},
	} {
		src := source(tc.forge)
		src.Bots = []string{"acme-releaser"}
		events, err := speak(t, tc.forge).Events(src, forge.Request{
			Header: eventHeaders[tc.forge], ReceivedAt: receivedAt,
			Body: []byte(opened(tc.forge, "", `,"sender":`+tc.user+`,"user":`+tc.user+`,"actor":`+tc.user)),
		})
		if err != nil || events[0].Actor == nil || events[0].Actor.Bot != tc.bot {
			t.Errorf("%s: %s gives %+v (%v), want bot %t", tc.forge, tc.user, events[0].Actor, err, tc.bot)
		}
	}
}

func TestVisibility(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		forge, fields, want string
	}{
		{forge.GitHub, `"visibility":"public","private":false`, "public"},
		{forge.GitHub, `"visibility":"internal","private":true`, "internal"},
		{forge.GitHub, `"visibility":"private","private":true`, "private"},
		{forge.GitHub, `"private":true`, "private"},
		{forge.GitHub, `"private":false`, "public"},
		{forge.GitHub, `"x":0`, ""},
		{forge.GitLab, `"visibility_level":20`, "public"},
		{forge.GitLab, `"visibility_level":10`, "internal"},
		{forge.GitLab, `"visibility_level":0`, "private"},
		{forge.GitLab, `"visibility_level":99`, ""},
		{forge.GitLab, `"x":0`, ""},
		{forge.Gitea, `"private":false,"internal":false,"owner":{"visibility":"public"}`, "public"},
		{forge.Gitea, `"private":false,"owner":{"visibility":"limited"}`, "internal"},
		{forge.Gitea, `"private":false,"internal":true`, "internal"},
		{forge.Forgejo, `"private":true,"internal":true`, "private"},
		{forge.BitbucketCloud, `"uuid":"{9}","is_private":false`, "public"},
		{forge.BitbucketCloud, `"uuid":"{9}","is_private":true`, "private"},
		{forge.BitbucketCloud, `"uuid":"{9}"`, ""},
		{forge.BitbucketServer, `"public":true,"project":{"public":false}`, "public"},
		{forge.BitbucketServer, `"public":false,"project":{"public":true}`, "public"},
		{forge.BitbucketServer, `"public":false,"project":{}`, "private"},
		{forge.BitbucketServer, `"project":{"public":true}`, ""},
	} {
		repository := `{"id":9,` + tc.fields + `}`
		events, err := read(t, tc.forge, opened(tc.forge, "", `,"repository":`+repository+`,"project":`+repository+`,"pullRequest":{"toRef":{"repository":`+repository+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		if ev := events[0]; ev.Repository.Visibility != tc.want || ev.Private != (tc.want != "public") {
			t.Errorf("%s: %s gives %q, private %t, want %q", tc.forge, tc.fields, ev.Repository.Visibility, ev.Private, tc.want)
		}
	}
}

// GitLab sends the author's id alone; the name is filled in when the same person acts elsewhere.
func TestGitLabNamesTheAuthorWhereItCan(t *testing.T) {
	t.Parallel()

	known := &event.Account{ID: "42", Login: "ivy", Name: "Ivy"}
	for _, tc := range []struct {
		beside string
		want   *event.Account
	}{
		{`,"user":{"id":42,"username":"ivy","name":"Ivy"}`, known},
		{`,"user":{"id":1,"username":"noor"},"assignees":[{"id":42,"username":"ivy","name":"Ivy"}]`, known},
		{`,"user":null,"reviewers":[{"id":5},{"id":42,"username":"ivy","name":"Ivy"}]`, known},
		{`,"user":{"id":1,"username":"noor"}`, &event.Account{ID: "42"}},
	} {
		events, err := read(t, forge.GitLab, opened(forge.GitLab, `,"author_id":42`, tc.beside))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, events[0].Author); diff != "" {
			t.Errorf("%s: the author differs (-want +got):\n%s", tc.beside, diff)
		}
	}
	events, err := read(t, forge.GitLab, opened(forge.GitLab, `,"author_id":null`, `,"user":{"id":0}`))
	if err != nil || events[0].Author != nil || events[0].Actor != nil {
		t.Errorf("nobody was named, but the event is %+v (%v)", events, err)
	}
}

func TestGitHubMembershipWithoutDeliveryID(t *testing.T) {
	t.Parallel()

	keys := map[string]bool{}
	for _, body := range []string{
		`{"action":"added","member":{"id":1},"team":{"id":2}}`,
		`{"action":"added","member":{"id":1},"team":{"id":2}}`,
		`{"action":"added","member":{"id":1},"team":{"id":2},"sender":{"id":3}}`,
	} {
		events, err := speak(t, forge.GitHub).Events(source(forge.GitHub), forge.Request{
			Header: http.Header{"X-Github-Event": {"membership"}}, Body: []byte(body), ReceivedAt: receivedAt,
		})
		if err != nil {
			t.Fatal(err)
		}
		keys[events[0].Key] = true
	}
	if len(keys) != 2 {
		t.Errorf("two different bodies have the keys %v", keys)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()

	for written, want := range map[string]string{
		"2013-12-03T17:23:34Z":           "2013-12-03T17:23:34Z",
		"2012-01-03T23:36:29+02:00":      "2012-01-03T21:36:29Z",
		"2021-02-23T02:41:37.886Z":       "2021-02-23T02:41:37.886Z",
		"2021-03-30T19:17:18.000-04:00":  "2021-03-30T23:17:18Z",
		"2021-02-23T02:41:37.123456789Z": "2021-02-23T02:41:37.123456Z",
		"2017-09-15 16:50:55 UTC":        "2017-09-15T16:50:55Z",
		"2021-04-28 21:50:00 +0200":      "2021-04-28T19:50:00Z",
		"2017-09-19T09:45:32+1000":       "2017-09-18T23:45:32Z",
		"2018-04-25 20:42:10":            "2018-04-25T20:42:10Z",
		"2020-12-14":                     "2020-12-14T00:00:00Z",
		"1614265330":                     "2021-02-25T15:02:10Z",
		"1614265330123":                  "2021-02-25T15:02:10.123Z",
		"0001-01-01T00:00:00Z":           "",
		"1970-01-01T01:00:00+01:00":      "",
		"9999-12-31T23:59:59-10:00":      "",
		"9223372036854775807":            "",
		"-1":                             "",
		"null":                           "",
		"":                               "",
		"2017-09-15 16:50:55 CEST":       "",
		"2026-02-30T00:00:00Z":           "",
		"tomorrow":                       "",
	} {
		got := forge.ParseTime(written)
		if want == "" {
			if !got.IsZero() {
				t.Errorf("%q was read as %v, want no time", written, got)
			}
			continue
		}
		if got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q was read as %v, want %s", written, got, want)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"2013-12-03T17:23:34Z", "2017-09-15 16:50:55 UTC", "1614265330123", "-9223372036854775808", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		at := forge.ParseTime(written)
		if at.Location() != time.UTC || !at.Equal(at.Truncate(time.Microsecond)) {
			t.Errorf("%q was read as %v, which is not UTC to the microsecond", written, at)
		}
		if _, err := at.MarshalJSON(); err != nil {
			t.Errorf("%q was read as %v, which cannot be kept: %v", written, at, err)
		}
	})
}

func FuzzEvents(f *testing.F) {
	for i, forgeName := range codeForges() {
		for _, name := range recordings(f, forgeName) {
			req := recording(f, forgeName, name)
			f.Add(i, speak(f, forgeName).EventName(req), req.Header.Get("Content-Type"), req.Body)
		}
		f.Add(i, "pull_request", "", []byte(opened(forgeName, `,"title":"\u0000\ud83d"`, `,"sender":null`)))
	}
	f.Fuzz(func(t *testing.T, number int, eventName, contentType string, body []byte) {
		forgeName := codeForges()[uint(number)%uint(len(codeForges()))]
		req := forge.Request{Header: http.Header{
			"Content-Type": {contentType}, "X-Github-Event": {eventName}, "X-Gitlab-Event": {eventName},
			"X-Gitea-Event": {eventName}, "X-Forgejo-Event": {eventName}, "X-Event-Key": {eventName},
		}, Body: body, ReceivedAt: receivedAt}
		speaks := speak(t, forgeName)
		speaks.Sign(secret, req)
		if err := speaks.Verify([]string{secret}, req); err != nil {
			t.Fatalf("the own signature is refused: %v", err)
		}
		events, err := speaks.Events(source(forgeName), req)
		_, unknown := errors.AsType[*forge.UnknownError](err)
		_, unreadable := errors.AsType[*forge.UnreadableError](err)
		if err != nil && (len(events) > 0 || !unknown && !unreadable) {
			t.Fatalf("%d events with the error %v", len(events), err)
		}
		for i := range events {
			complete(t, forgeName, &events[i])
		}
	})
}
