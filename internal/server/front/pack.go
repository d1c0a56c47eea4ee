package front

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strconv"
	"strings"
)

// minPacked is the smallest body that is worth packing: less fits into one packet anyway.
const minPacked = 1 << 10

// pack compresses the entry at a level of gzip, if it is worth it. What is in it is public, so that its length tells nobody
// anything.
func pack(e *entry, level int) *form {
	if len(e.body) < minPacked || e.get("Content-Encoding") != nil {
		return nil
	}
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, level)
	if err != nil { // no such level
		return nil
	}
	_, _ = writer.Write(e.body) // a buffer takes everything
	_ = writer.Close()
	if out.Len() > len(e.body)*9/10 {
		return nil
	}
	e.set("Vary", append(slices.Clone(e.get("Vary")), "Accept-Encoding")...)
	p := &form{slices.Clone(e.headers), bytes.Clone(out.Bytes())}
	p.set("Content-Encoding", "gzip")
	p.measure()
	// A strong tag is that of one form.
	for _, tag := range e.get("Etag") {
		if opened, ok := strings.CutSuffix(tag, `"`); ok {
			p.set("Etag", opened+`-gzip"`)
		}
	}
	return p
}

// counted is how many bytes net/http holds back before it writes the header: of what is no longer it says the length by itself.
const counted = 2 << 10

// measure says the length of the body where that is not said anyway.
func (f *form) measure() {
	f.headers = slices.DeleteFunc(f.headers, func(h header) bool { return h.name == "Content-Length" })
	if len(f.body) > counted {
		f.set("Content-Length", strconv.Itoa(len(f.body)))
	}
}

// get returns the values of a header, by its canonical name.
func (f *form) get(name string) []string {
	for _, h := range f.headers {
		if h.name == name {
			return h.values
		}
	}
	return nil
}

// set makes the values those of the header, by its canonical name.
func (f *form) set(name string, values ...string) {
	for i := range f.headers {
		if f.headers[i].name == name {
			f.headers[i].values = values
			return
		}
	}
	f.headers = append(f.headers, header{name, values})
}

// has reports whether somebody who has the answers with these tags has this one, in the form that is not packed: then that is
// the form to speak of.
func (e *entry) has(tags string) bool {
	if tags == "" {
		return false
	}
	own := e.get("Etag")
	return len(own) == 1 && Names(tags, own[0])
}
