package forge_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/forge"
)

func cloudEvent(fields string) string {
	return `{"specversion":"1.0","type":"com.acme.talk.held","source":"/talks","id":"1"` + fields + `}`
}

func cloudRequest(contentType, body string, headers ...string) forge.Request {
	req := forge.Request{Header: http.Header{}, Body: []byte(body), ReceivedAt: receivedAt}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

const structured = "application/cloudevents+json"

// Every reason for which an event is not taken is told, since it is a program's author who reads it.
func TestUnreadableCloudEvents(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		contentType, body, want string
	}{
		"no CloudEvent":          {"application/json", `{"specversion":"1.0"}`, "structured, binary or batch"},
		"not JSON":               {structured, `{`, "structured, binary or batch"},
		"text after the event":   {structured, cloudEvent("") + "x", "structured, binary or batch"},
		"another version":        {structured, strings.Replace(cloudEvent(""), `"1.0"`, `"0.3"`, 1), "CloudEvents 1.0"},
		"no id":                  {structured, strings.Replace(cloudEvent(""), `"id":"1"`, `"x":"1"`, 1), "id"},
		"no source":              {structured, strings.Replace(cloudEvent(""), `"source"`, `"sauce"`, 1), "source"},
		"a kind of forges":       {structured, strings.Replace(cloudEvent(""), "com.acme.talk.held", "merge_request.merged", 1), "three words"},
		"a kind of our own":      {structured, strings.Replace(cloudEvent(""), "com.acme.talk.held", "award.granted", 1), "three words"},
		"a type of two words":    {structured, strings.Replace(cloudEvent(""), "com.acme.talk.held", "talk.held", 1), "three words"},
		"a type with a space":    {structured, strings.Replace(cloudEvent(""), "com.acme.talk.held", "com.acme.a talk", 1), "three words"},
		"data that is a list":    {structured, cloudEvent(`,"data":[1]`), "no JSON object"},
		"data that is a text":    {structured, cloudEvent(`,"data":"text"`), "no JSON object"},
		"data of another sort":   {structured, cloudEvent(`,"datacontenttype":"text/xml","data":"<a/>"`), "not JSON"},
		"data that is too large": {structured, cloudEvent(`,"data":{"a":"` + strings.Repeat("x", 64<<10) + `"}`), "larger than 64 KiB"},
		"deep data":              {structured, cloudEvent(`,"data":{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`), "deeper than 64"},
		"deep encoded data":      {structured, cloudEvent(`,"data_base64":"` + strings.Repeat("W1tb", 30) + `"`), "deeper than 64"},
		"a batch with a fault":   {"application/cloudevents-batch+json", "[" + cloudEvent("") + `,{"specversion":"1.0"}]`, "event 2 of 2"},
		"a batch that is none":   {"application/cloudevents-batch+json", cloudEvent(""), "no batch"},
		"a batch of too many":    {"application/cloudevents-batch+json", "[" + strings.Repeat(cloudEvent("")+",", 1000) + cloudEvent("") + "]", "more than 1000"},
	} {
		events, err := speak(t, forge.CloudEvents).Events(source(forge.CloudEvents), cloudRequest(tc.contentType, tc.body))
		unreadable, ok := errors.AsType[*forge.UnreadableError](err)
		if !ok || len(events) > 0 || !strings.Contains(unreadable.Error(), tc.want) {
			t.Errorf("%s: %d events and the error %v, want an UnreadableError with %q", name, len(events), err, tc.want)
		}
	}
}

func TestCloudEventKeys(t *testing.T) {
	t.Parallel()

	keys := map[string]string{}
	for name, fields := range map[string]string{
		"plain": "", "with a subject": `,"subject":"a"`, "with a colon": `,"subject":"a:1"`, "with its escape": `,"subject":"a%3A1"`,
		"another id": `,"id":"2"`, "another source": `,"source":"/talks:1"`, "a long subject": `,"subject":"` + strings.Repeat("s", 300) + `"`,
		"a longer subject": `,"subject":"` + strings.Repeat("s", 301) + `"`,
	} {
		events, err := speak(t, forge.CloudEvents).Events(source(forge.CloudEvents), cloudRequest(structured, cloudEvent(fields)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		key := events[0].Key
		if keys[key] != "" || len(key) > 700 {
			t.Errorf("%s has the key %q, like %s", name, key, keys[key])
		}
		keys[key] = name
		if !events[0].Time.Equal(receivedAt.UTC().Truncate(1000)) {
			t.Errorf("%s: without a time, it happened at %v", name, events[0].Time)
		}
	}
}

// Hostile headers and bodies end in an error at worst.
func TestOddCloudEventHeaders(t *testing.T) {
	t.Parallel()

	req := cloudRequest("application/json", `{"a":1}`, "Ce-Specversion", "1.0", "Ce-Type", "com.acme.talk.held", "Ce-Source", "/a%2525", "Ce-Id", "%zz")
	req.Header["Ce-"] = []string{"x"}
	req.Header["Ce-Nothing"] = nil
	events, err := speak(t, forge.CloudEvents).Events(source(forge.CloudEvents), req)
	if err != nil || len(events) != 1 || events[0].Key != "cloudevent:/a%2525:%25zz:%25zz" {
		t.Errorf("got %v and %v", events, err)
	}
}

// A signing token is a promise that nothing else passes, and several secrets pass while one is rotated.
func TestCloudEventSignatures(t *testing.T) {
	t.Parallel()

	req := cloudRequest(structured, cloudEvent(""), "Webhook-Id", "msg_1", "Webhook-Timestamp", "1794135600")
	forge.Sign(forge.CloudEvents, signingToken, req.Header, req.Body)
	accepted(t, forge.CloudEvents, []string{signingToken}, req)
	accepted(t, forge.CloudEvents, []string{"whsec_" + "b3RoZXI=", signingToken, secret}, req)
	plain := cloudRequest(structured, cloudEvent(""))
	forge.Sign(forge.CloudEvents, secret, plain.Header, plain.Body)
	accepted(t, forge.CloudEvents, []string{rotated, secret}, plain)
	refused(t, forge.CloudEvents, "missing_signature", []string{signingToken, secret}, plain)
	refused(t, forge.CloudEvents, "bad_signature", []string{""}, cloudRequest(structured, "", "Authorization", "Bearer "))
	refused(t, forge.CloudEvents, "bad_signature", []string{secret}, cloudRequest(structured, "", "Authorization", secret))
	refused(t, forge.CloudEvents, "bad_signature", []string{secret}, cloudRequest(structured, "", "Authorization", "Basic "+secret))
}

func FuzzCloudEvents(f *testing.F) {
	for _, name := range recordings(f, forge.CloudEvents) {
		req := recording(f, forge.CloudEvents, name)
		f.Add(req.Header.Get("Content-Type"), req.Header.Get("Ce-Type"), req.Header.Get("Ce-Id"), req.Header.Get("Ce-Time"), req.Body)
	}
	f.Fuzz(func(t *testing.T, contentType, kind, id, at string, body []byte) {
		req := cloudRequest(contentType, string(body), "Ce-Specversion", "1.0", "Ce-Type", kind, "Ce-Source", "/s", "Ce-Id", id, "Ce-Time", at, "Ce-X", id)
		events, err := speak(t, forge.CloudEvents).Events(source(forge.CloudEvents), req)
		if _, unreadable := errors.AsType[*forge.UnreadableError](err); err != nil && (len(events) > 0 || !unreadable) {
			t.Fatalf("%d events with the error %v", len(events), err)
		}
		for i := range events {
			complete(t, forge.CloudEvents, &events[i])
		}
	})
}
