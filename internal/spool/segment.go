package spool

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// private keeps from others what people wrote.
	privateFile, privateDirectory = 0o600, 0o700
	cursorName, lockName          = "cursor", "lock"
	// asideEnding is what the name of a file with what could not be used ends in.
	asideEnding = ".corrupt"
	cursorSize  = 20
)

// segmentName is a segment's number and seed.
var segmentName = regexp.MustCompile(`^(\d{10})-([0-9a-f]{16})\.spool$`)

// segment is a file of records. It is written once, from its beginning to its end, and never again after a restart.
type segment struct {
	number uint64
	seed   uint64
	file   *os.File
	// size is where what was written ends, and synced where what nobody waits for any more does: it will survive a power cut, or
	// its senders were told that it may not.
	size, synced int64
	// sealed says that nothing more is written to it.
	sealed bool

	// syncing is held while it is synced, and failed is why that did not work once. Whoever holds it waits for nothing else.
	syncing sync.Mutex
	failed  error
}

func (g *segment) name() string { return fmt.Sprintf("%010d-%016x.spool", g.number, g.seed) }

// makeSegment makes an empty segment of the number.
func makeSegment(directory string, number uint64) (*segment, error) {
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // never fails
	g := &segment{number: number, seed: binary.LittleEndian.Uint64(seed[:])}
	var err error
	if g.file, err = os.OpenFile(filepath.Join(directory, g.name()), os.O_RDWR|os.O_CREATE|os.O_EXCL, privateFile); err != nil {
		return nil, fmt.Errorf("making a segment: %w", err)
	}
	if err := syncDirectory(directory); err != nil {
		return nil, errors.Join(err, g.remove())
	}
	return g, nil
}

// openSegments opens what an earlier process left, the oldest first.
func openSegments(directory string) ([]*segment, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, fmt.Errorf("reading the directory: %w", err)
	}
	var segments []*segment
	for _, entry := range entries {
		parts := segmentName.FindStringSubmatch(entry.Name())
		if parts == nil {
			continue
		}
		g := &segment{sealed: true}
		g.number, _ = strconv.ParseUint(parts[1], 10, 64) // the pattern has seen to it
		g.seed, _ = strconv.ParseUint(parts[2], 16, 64)
		if g.file, err = os.OpenFile(filepath.Join(directory, entry.Name()), os.O_RDWR, 0); err != nil {
			return segments, fmt.Errorf("opening a segment: %w", err)
		}
		segments = append(segments, g)
		info, err := g.file.Stat()
		if err != nil {
			return segments, fmt.Errorf("opening a segment: %w", err)
		}
		g.size, g.synced = info.Size(), info.Size()
	}
	slices.SortFunc(segments, func(x, y *segment) int { return int(x.number) - int(y.number) }) //nolint:gosec // ten digits
	return segments, nil
}

// write appends a frame, or changes nothing.
func (g *segment) write(frame []byte) error {
	if _, err := g.file.WriteAt(frame, g.size); err != nil {
		// A reader would stop at the torn frame; nothing is written behind it if it cannot be cut off.
		if cutErr := g.file.Truncate(g.size); cutErr != nil {
			g.sealed = true
		}
		return fmt.Errorf("writing a record: %w", err)
	}
	g.size += int64(len(frame))
	return nil
}

// sync makes sure that what was written is on the disk. After it has failed once it does not work again: nobody knows what the
// disk holds then, also of what was written while it ran, and the system tells of that once and to one caller alone.
func (g *segment) sync(file func(*os.File) error) error {
	g.syncing.Lock()
	defer g.syncing.Unlock()
	if g.failed != nil {
		return g.failed
	}
	if err := file(g.file); err != nil {
		g.failed = fmt.Errorf("syncing a segment: %w", err)
	}
	return g.failed
}

func (g *segment) remove() error {
	return errors.Join(g.file.Close(), os.Remove(g.file.Name()))
}

// torn reports whether bytes, up to where they end, are what a write that never came to its end leaves at the end of a
// segment: too few for a header or for what a header announces, or nothing but zeros.
func (g *segment) torn(from, to int64) (bool, error) {
	switch {
	case to != g.size:
		return false, nil
	case to-from < frameOf:
		return true, nil
	}
	h, announced, err := headerAt(g.file, g.seed, from, math.MaxInt64)
	if err != nil || announced {
		return announced && from+h.size() > to, err
	}
	buffer := make([]byte, searchBytes)
	for from < to {
		part := buffer[:min(searchBytes, to-from)]
		if _, err := g.file.ReadAt(part, from); err != nil && !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("reading a record: %w", err)
		}
		if len(bytes.Trim(part, "\x00")) > 0 {
			return false, nil
		}
		from += int64(len(part))
	}
	return true, nil
}

// aside copies bytes of the segment to a file of their own, and makes sure that they stay there.
func (g *segment) aside(directory string, from, to int64) (name string, err error) {
	name = fmt.Sprintf("%010d-%012d%s", g.number, from, asideEnding)
	file, err := os.OpenFile(filepath.Join(directory, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, privateFile)
	if err != nil {
		return "", fmt.Errorf("setting a record aside: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, io.NewSectionReader(g.file, from, to-from)); err != nil {
		return "", fmt.Errorf("setting a record aside: %w", err)
	}
	if err := file.Sync(); err != nil {
		return "", fmt.Errorf("setting a record aside: %w", err)
	}
	return name, syncDirectory(directory)
}

// syncDirectory makes sure that files that were made in the directory are found there after a power cut.
func syncDirectory(directory string) error {
	file, err := os.Open(directory)
	if err != nil {
		return fmt.Errorf("syncing the directory: %w", err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		return fmt.Errorf("syncing the directory: %w", err)
	}
	return nil
}

// cursor is where the first record is that is not done. It is a help and no more: without it, records that are done come
// again, which has to be harmless in any case.
type cursor struct {
	number uint64
	offset int64
}

func (c cursor) text() []byte {
	text := binary.LittleEndian.AppendUint64(nil, c.number)
	text = binary.LittleEndian.AppendUint64(text, uint64(c.offset)) //nolint:gosec // never negative
	return binary.LittleEndian.AppendUint32(text, sum(0, text))
}

func parseCursor(text []byte) cursor {
	if len(text) < cursorSize || binary.LittleEndian.Uint32(text[cursorSize-4:]) != sum(0, text[:cursorSize-4]) {
		return cursor{}
	}
	return cursor{binary.LittleEndian.Uint64(text), int64(binary.LittleEndian.Uint64(text[8:]))} //nolint:gosec // as it was written
}

// Record is what is kept. Owner is whose share of the spool it takes.
type Record struct {
	Owner   string
	At      time.Time
	Payload []byte
}
