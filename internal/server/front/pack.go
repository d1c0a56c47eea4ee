package front

import (
	"bytes"
	"compress/gzip"
	"strconv"
	"strings"
)

// minPacked is the smallest body that is worth packing: less fits into one packet anyway.
const minPacked = 1 << 10

// packed is an answer that was compressed once for all readers. What is in it is public, so that its length tells nobody
// anything.
type packed struct {
	body    []byte
	headers []header
	// vary is that of the answer in either form.
	vary []string
}

// pack compresses the entry, if it is worth it.
func pack(e *entry) *packed {
	if len(e.body) < minPacked || e.get("Content-Encoding") != nil {
		return nil
	}
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, _ = writer.Write(e.body) // a buffer takes everything
	_ = writer.Close()
	if out.Len() > len(e.body)*9/10 {
		return nil
	}
	p := &packed{body: bytes.Clone(out.Bytes()), vary: append(append([]string{}, e.get("Vary")...), "Accept-Encoding")}
	p.headers = []header{
		{"Content-Encoding", []string{"gzip"}},
		{"Content-Length", []string{strconv.Itoa(len(p.body))}},
	}
	// A strong tag is that of one form.
	for _, tag := range e.get("Etag") {
		if opened, ok := strings.CutSuffix(tag, `"`); ok {
			p.headers = append(p.headers, header{"Etag", []string{opened + `-gzip"`}})
		}
	}
	return p
}

// has reports whether somebody who has the answers with these tags has this one, in the form that is not packed: then that is
// the form to speak of.
func (e *entry) has(tags string) bool {
	own := e.get("Etag")
	return tags != "" && len(own) == 1 && Names(tags, own[0])
}

// get returns the values of a header of the entry, by its canonical name.
func (e *entry) get(name string) []string {
	for _, h := range e.headers {
		if h.name == name {
			return h.values
		}
	}
	return nil
}
