package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The servers that readers ask.
const (
	bareReads = "bare-reads"
	ours      = "ours"
	oursCold  = "ours-cold"
)

// constantLarge is the constant that is as large as a profile.
const constantLarge = "constant-large"

// reading is a way to be read from.
type reading struct {
	name, about, server string
	// path is what to ask for of a person, and tagged says that the reader has it already.
	path   func(person int) string
	tagged bool
	// packed says that the reader takes gzip, as browsers and the caches of forges do.
	packed bool
}

func person(id int) string { return fmt.Sprintf("person%04d", id) }

func awardsPath(id int) string { return "/api/v1/users/" + person(id) + "/awards" }

func readings() []reading {
	return []reading{
		{name: "constant", about: "gin, the same 4.3 KB of JSON from memory for everyone", server: bareReads, path: func(int) string { return "/constant" }},
		{name: constantLarge, about: "gin, the same JSON from memory for everyone, as large as a profile that is not compressed", server: bareReads, path: func(int) string { return "/constant-large" }},
		{name: "json", about: "our profile of 20 awards, warm, for readers who take gzip", server: ours, path: awardsPath, packed: true},
		{name: "svg", about: "our badge, warm", server: ours, path: func(id int) string { return "/users/" + person(id) + "/badge.svg" }},
		{name: "json-plain", about: "our profile, warm, for readers who do not take gzip", server: ours, path: awardsPath},
		{name: "json-304", about: "the same for readers who have it already", server: ours, path: awardsPath, tagged: true},
		{name: "pgx", about: "gin and pgx, the same profile by one query", server: bareReads, path: awardsPath},
		{name: "json-cold", about: "our profile, from the database each time", server: oursCold, path: awardsPath},
	}
}

// question is a request, ready to be written, with the answer that it must get.
type question struct {
	request []byte
	status  int
	body    []byte
}

// reads measures how fast people are read about: all servers run on one book, and take turns.
func (a *arena) reads(ctx context.Context) error {
	kind := contestant{name: "reads", database: postgres}
	book, err := a.book(ctx, kind)
	if err != nil {
		return err
	}
	defer book.close() //nolint:contextcheck // it must go when the run is interrupted, too
	servers := map[string]*process{}
	defer func() {
		for _, server := range servers {
			server.stop()
		}
	}()
	const unlimited = "ACCOLADE_RATE_LIMIT_ANONYMOUS=0"
	for _, server := range []struct{ name, setting string }{{ours, unlimited}, {oursCold, "ACCOLADE_READ_CACHE=0"}, {bareReads, unlimited}} {
		kind.name = server.name
		process, err := a.start(ctx, kind, book.url, unlimited, server.setting)
		if err != nil {
			return fmt.Errorf("%s: %w", server.name, err)
		}
		servers[server.name] = process
		if server.name == ours { // it has made the tables
			if err := fillReads(ctx, book.url); err != nil {
				return err
			}
		}
	}
	questions, err := ask(ctx, servers)
	if err != nil {
		return err
	}
	rounds := a.rounds + moreRounds
	for round := range rounds {
		for _, r := range readings() {
			if questions[r.name] == nil {
				continue
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, rounds, r.name)
			result, err := a.read(ctx, servers[r.server], questions[r.name])
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			a.results[r.name] = append(a.results[r.name], result)
		}
	}
	a.reportReads(os.Stdout)
	return nil
}

// ask asks everything once, and checks that all who say the same say the same.
func ask(ctx context.Context, servers map[string]*process) (map[string][]question, error) {
	questions := map[string][]question{}
	for _, r := range readings() {
		for id := range people {
			got, err := get(ctx, servers[r.server].address, r.path(id), r.packed)
			if err != nil {
				return nil, err
			}
			if got.status == http.StatusNotFound && r.name == "svg" && !strings.HasPrefix(got.kind, "image/svg+xml") {
				fmt.Fprintln(os.Stderr, "there is no badge to be measured")
				break
			}
			if got.status != http.StatusOK || r.packed != got.packed {
				return nil, fmt.Errorf("%s answers %d: %s", r.path(id), got.status, got.body)
			}
			q := question{status: http.StatusOK, body: got.body}
			header := ""
			if r.packed {
				header = "Accept-Encoding: gzip\r\n"
			}
			if r.tagged {
				header += "If-None-Match: " + got.tag + "\r\n"
				q.status, q.body = http.StatusNotModified, nil
			}
			q.request = fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\n%s\r\n", r.path(id), header)
			questions[r.name] = append(questions[r.name], q)
		}
	}
	return questions, same(questions)
}

// same checks that profiles are what they are without us, and of the size that was meant.
func same(questions map[string][]question) error {
	for id, q := range questions["pgx"] {
		var want any
		if err := json.Unmarshal(q.body, &want); err != nil {
			return fmt.Errorf("reading a profile: %w", err)
		}
		for _, name := range []string{"json", "json-plain", "json-cold"} {
			body, err := unpacked(questions[name][id].body)
			if err != nil {
				return err
			}
			var got any
			if err := json.Unmarshal(body, &got); err != nil {
				return fmt.Errorf("reading a profile: %w", err)
			}
			if !reflect.DeepEqual(got, want) {
				return fmt.Errorf("%s says %.200q of %s, and pgx %.200q", name, body, person(id), q.body)
			}
		}
		if shown := bytes.Count(q.body, []byte(`"awarded_at"`)); shown != awardsEach {
			return fmt.Errorf("a profile shows %d awards, want %d", shown, awardsEach)
		}
		plain, constant := len(questions["json-plain"][id].body), len(questions[constantLarge][id].body)
		if plain < constant*95/100 || plain > constant*105/100 {
			return fmt.Errorf("a profile is %d bytes, and what it is compared with %d", plain, constant)
		}
	}
	return nil
}

// unpacked undoes gzip, if it was done.
func unpacked(body []byte) ([]byte, error) {
	if bytes.HasPrefix(body, []byte("{")) {
		return body, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("unpacking a profile: %w", err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("unpacking a profile: %w", err)
	}
	return text, nil
}

// got is an answer.
type got struct {
	status    int
	packed    bool
	tag, kind string
	body      []byte
}

func get(ctx context.Context, address, path string, packed bool) (got, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		return got{}, fmt.Errorf("asking for %s: %w", path, err)
	}
	// Saying either keeps the client from unpacking by itself.
	request.Header.Set("Accept-Encoding", map[bool]string{true: "gzip", false: "identity"}[packed])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return got{}, fmt.Errorf("asking for %s: %w", path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return got{}, fmt.Errorf("asking for %s: %w", path, err)
	}
	return got{response.StatusCode, response.Header.Get("Content-Encoding") == "gzip", response.Header.Get("ETag"), response.Header.Get("Content-Type"), body}, nil
}

// read lets so many connections ask at once until the time is over.
func (a *arena) read(ctx context.Context, server *process, questions []question) (result, error) {
	if _, err := askAll(ctx, server.address, questions, a.connections, a.duration/4); err != nil {
		return result{}, err
	}
	before := server.cpu()
	s, err := askAll(ctx, server.address, questions, a.connections, a.duration)
	if err != nil {
		return result{}, err
	}
	r := summarize(s)
	r.cpu = (server.cpu() - before) * 1e6 / float64(s.acknowledged)
	return r, nil
}

func askAll(ctx context.Context, address string, questions []question, connections int, duration time.Duration) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, duration+time.Minute)
	defer cancel()
	var mutex sync.Mutex
	var total sample
	var errs []error
	var asking sync.WaitGroup
	began := time.Now()
	for i := range connections {
		asking.Go(func() {
			// Each begins somewhere else, so that all people are asked about.
			latencies, err := keepAsking(ctx, address, questions, i*len(questions)/connections, began.Add(duration))
			mutex.Lock()
			defer mutex.Unlock()
			total.latencies = append(total.latencies, latencies...)
			errs = append(errs, err)
		})
	}
	asking.Wait()
	total.elapsed = time.Since(began)
	total.acknowledged = len(total.latencies)
	return total, errors.Join(errs...)
}

// keepAsking is one connection. Every answer must be the right one.
func keepAsking(ctx context.Context, address string, questions []question, from int, until time.Time) ([]time.Duration, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	answers := bufio.NewReaderSize(conn, 32<<10)
	var latencies []time.Duration
	var body bytes.Buffer
	for i := from; time.Now().Before(until); i++ {
		q := &questions[i%len(questions)]
		asked := time.Now()
		if _, err := conn.Write(q.request); err != nil {
			return latencies, fmt.Errorf("asking: %w", err)
		}
		status, err := readAnswer(answers, &body)
		if err != nil {
			return latencies, fmt.Errorf("reading an answer: %w", err)
		}
		if status != q.status || !bytes.Equal(body.Bytes(), q.body) {
			return latencies, fmt.Errorf("%q is answered with %d and %.200q, want %d and %.200q", q.request, status, body.Bytes(), q.status, q.body)
		}
		latencies = append(latencies, time.Since(asked))
	}
	return latencies, nil
}

var (
	contentLength = []byte("Content-Length: ")
	chunked       = []byte("Transfer-Encoding: chunked")
)

// readAnswer reads the status and the body, and looks at no header but those that say where it ends: reading all of them as
// http.ReadResponse does costs more than answering.
func readAnswer(from *bufio.Reader, body *bytes.Buffer) (status int, err error) {
	body.Reset()
	length, inChunks := int64(0), false
	for first := true; ; first = false {
		line, err := from.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
			if len(line) < len("HTTP/1.1 200") {
				return 0, fmt.Errorf("%q is no answer", line)
			}
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, fmt.Errorf("%q is no answer", line)
			}
		case len(line) == 0 && inChunks:
			if _, err := body.ReadFrom(httputil.NewChunkedReader(from)); err != nil {
				return 0, err
			}
			_, err = from.Discard(len("\r\n")) // no trailers
			return status, err
		case len(line) == 0:
			_, err = io.CopyN(body, from, length)
			return status, err
		case bytes.HasPrefix(line, contentLength):
			if length, err = strconv.ParseInt(string(line[len(contentLength):]), 10, 64); err != nil {
				return 0, fmt.Errorf("%q is no length", line)
			}
		case bytes.Equal(line, chunked):
			inChunks = true
		}
	}
}
