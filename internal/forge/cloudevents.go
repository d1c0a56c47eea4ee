package forge

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	cloudevent "github.com/cloudevents/sdk-go/v2/event"
	cloudhttp "github.com/cloudevents/sdk-go/v2/protocol/http"

	"github.com/seed-504bad89/accolade/internal/event"
)

const (
	// maxCloudEvent is how large the data of one event is, in bytes of JSON. The specification asks nobody to
	// take larger events, and unlike bodies, which are kept for a while, events are kept for good.
	maxCloudEvent = 64 << 10
	// maxEnvelope is how large an event is with all that is around its data.
	maxEnvelope = 2 * maxCloudEvent
	// maxValues is how many values an event holds, in all its arrays and objects, and maxBatchValues those of a batch.
	maxValues      = 5000
	maxBatchValues = 100_000
	// maxBatch is how many events one delivery holds.
	maxBatch = 1000
	bearer   = "Bearer "
)

// cloudEvents speaks for every system that is no code forge, in CloudEvents 1.0
// (https://github.com/cloudevents/spec): structured, binary and batch mode over HTTP. The type of an event is
// its kind, its data an event's payload, its source and id the natural key, and its subject the object.
type cloudEvents struct{}

// Verify checks a Standard Webhooks signature once a signing token is among the secrets; without one, a secret that
// is sent as it is in the header Authorization, after "Bearer ".
func (cloudEvents) Verify(secrets []string, req Request) error {
	if slices.ContainsFunc(secrets, isSigningToken) {
		return verifyStandard(req, secrets)
	}
	var tokens []string
	for _, secret := range secrets {
		if secret != "" {
			tokens = append(tokens, bearer+secret)
		}
	}
	return verifyToken(req, "Authorization", tokens)
}

func (cloudEvents) Sign(secret string, req Request) {
	if isSigningToken(secret) {
		signStandard(secret, req)
		return
	}
	req.Header.Set("Authorization", bearer+secret)
}

// DeliveryID is the signed id of the message, or of binary mode the source and the id of its event.
func (cloudEvents) DeliveryID(req Request) string {
	return cmp.Or(headerText(req, "Webhook-Id"), strings.TrimSpace(headerText(req, "Ce-Source")+" "+headerText(req, "Ce-Id")))
}

// EventName is the type of the event in binary mode, and what the body is called in the others.
func (cloudEvents) EventName(req Request) string {
	media, _, _ := strings.Cut(headerText(req, "Content-Type"), ";")
	return cmp.Or(headerText(req, "Ce-Type"), media)
}

func (cloudEvents) Events(src Source, req Request) ([]event.Event, error) {
	sent, err := readCloudEvents(req)
	if err != nil {
		return nil, err
	}
	events := make([]event.Event, len(sent))
	for i := range sent {
		if events[i], err = translateCloudEvent(src, req, &sent[i]); err != nil {
			if len(sent) > 1 {
				err = &UnreadableError{Reason: fmt.Sprintf("event %d of %d", i+1, len(sent)), cause: err}
			}
			return nil, err
		}
	}
	return events, nil
}

// readCloudEvents returns the events of a body, in whichever mode they come.
func readCloudEvents(req Request) ([]cloudevent.Event, error) {
	media, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	structured := strings.HasPrefix(media, "application/cloudevents")
	if (structured || strings.HasSuffix(media, "json")) && tooDeep(req.Body) {
		return nil, &UnreadableError{Reason: fmt.Sprintf("the body nests deeper than %d levels", maxDepth)}
	}
	if err := checkSize(req.Body, media); err != nil {
		return nil, err
	}
	if media == cloudevent.ApplicationCloudEventsBatchJSON {
		var batch []cloudevent.Event
		if err := json.Unmarshal(req.Body, &batch); err != nil {
			return nil, &UnreadableError{Reason: "the body is no batch of CloudEvents", cause: err}
		}
		return batch, nil
	}
	message := cloudhttp.NewMessage(attributes(req.Header), io.NopCloser(bytes.NewReader(req.Body)))
	one, err := binding.ToEvent(context.Background(), message)
	if err != nil {
		return nil, &UnreadableError{Reason: "the delivery is no CloudEvent in structured, binary or batch mode", cause: err}
	}
	return []cloudevent.Event{*one}, nil
}

// checkSize returns an error for a body that would take much memory, before that memory is taken: what is read of it is
// a map, which small values fill with little text.
func checkSize(body []byte, media string) error {
	if media != cloudevent.ApplicationCloudEventsBatchJSON {
		if len(body) > maxEnvelope || countValues(body) > maxValues {
			return &UnreadableError{Reason: fmt.Sprintf("the event is larger than %d KiB or holds more than %d values", maxEnvelope>>10, maxValues)}
		}
		return nil
	}
	body = bytes.TrimLeft(body, " \t\r\n")
	events, values, start := 0, 0, 0
	for end := range itemEnds(body, '[') {
		one := countValues(body[start:end])
		if end-start > maxEnvelope || one > maxValues {
			return &UnreadableError{Reason: fmt.Sprintf("event %d is larger than %d KiB or holds more than %d values", events+1, maxEnvelope>>10, maxValues)}
		}
		events, values, start = events+1, values+one, end
	}
	if events > maxBatch || values > maxBatchValues {
		return &UnreadableError{Reason: fmt.Sprintf("the batch holds more than %d events or %d values", maxBatch, maxBatchValues)}
	}
	return nil
}

// countValues returns how many values there are in JSON, in all its arrays and objects.
func countValues(body []byte) int {
	values, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == ',' || c == '{' || c == '['):
			values++
		}
	}
	return values
}

// attributes returns the headers that are an event's, decoded: in binary mode values are percent-encoded
// (section 3.1.3.2 of the HTTP protocol binding).
func attributes(header http.Header) http.Header {
	kept := http.Header{"Content-Type": {header.Get("Content-Type")}}
	for name, values := range header {
		if word, ok := strings.CutPrefix(name, "Ce-"); ok && word != "" && len(values) > 0 {
			value := values[0]
			if decoded, err := url.PathUnescape(value); err == nil {
				value = decoded
			}
			kept[name] = []string{value}
		}
	}
	return kept
}

var cloudType = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2,}$`)

func translateCloudEvent(src Source, req Request, sent *cloudevent.Event) (event.Event, error) {
	if err := sent.Validate(); err != nil {
		return event.Event{}, &UnreadableError{Reason: "the event is no CloudEvent", cause: err}
	}
	kind := sent.Type()
	_, known := event.Describe(kind)
	switch {
	case sent.SpecVersion() != cloudevent.CloudEventsVersionV1:
		return event.Event{}, &UnreadableError{Reason: "the event is not of CloudEvents 1.0"}
	case known || !cloudType.MatchString(kind) || len(kind) > maxHeader:
		return event.Event{}, &UnreadableError{Reason: "the type must be three words or more of letters, digits, - and _ with dots between them, such as com.acme.meeting.finished"}
	}
	payload, err := payloadOf(sent)
	if err != nil {
		return event.Event{}, err
	}
	happened := sent.Time()
	if happened.Year() < 1970 || happened.Year() > 9999 {
		happened = time.Time{}
	}
	object := "cloudevent:" + bounded(sent.Source()) + ":" + bounded(cmp.Or(sent.Subject(), sent.ID()))
	ev := newEvent(src, kind, object, bounded(sent.ID()))
	ev.Time, ev.Payload, ev.Private = firstTime(happened, req.ReceivedAt), payload, true
	return ev, nil
}

// payloadOf returns the data of an event, which must be a JSON object, or nothing.
func payloadOf(sent *cloudevent.Event) (map[string]any, error) {
	data := sent.Data()
	if len(data) == 0 {
		return nil, nil //nolint:nilnil // an event need not carry anything
	}
	if len(data) > maxCloudEvent {
		return nil, &UnreadableError{Reason: fmt.Sprintf("the data is larger than %d KiB", maxCloudEvent>>10)}
	}
	if media, _, err := mime.ParseMediaType(sent.DataContentType()); sent.DataContentType() != "" && (err != nil || !isJSON(media)) {
		return nil, &UnreadableError{Reason: "the data is not JSON by its datacontenttype"}
	}
	if tooDeep(data) {
		return nil, &UnreadableError{Reason: fmt.Sprintf("the data nests deeper than %d levels", maxDepth)}
	}
	var payload map[string]any
	if err := json.Unmarshal(data, &payload); err != nil {
		return nil, &UnreadableError{Reason: "the data is no JSON object", cause: err}
	}
	cleaned, _ := withoutNUL(payload).(map[string]any)
	return cleaned, nil
}

func isJSON(media string) bool {
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

// withoutNUL returns a value of JSON without NUL in its texts, which Postgres cannot store.
func withoutNUL(value any) any {
	switch value := value.(type) {
	case string:
		return strings.ReplaceAll(value, "\x00", "")
	case []any:
		for i := range value {
			value[i] = withoutNUL(value[i])
		}
	case map[string]any:
		for name, field := range value {
			if kept := strings.ReplaceAll(name, "\x00", ""); kept != name {
				delete(value, name)
				name = kept
			}
			value[name] = withoutNUL(field)
		}
	}
	return value
}

var keyPart = strings.NewReplacer("%", "%25", ":", "%3A", "\x00", "%00")

// bounded returns a text as a part of a key: without the colons that separate parts, and one that is too long by its digest.
func bounded(part string) string {
	const longest = 200
	if len(part) <= longest {
		return keyPart.Replace(strings.ToValidUTF8(part, "\ufffd"))
	}
	sum := sha256.Sum256([]byte(part))
	return hex.EncodeToString(sum[:])
}
