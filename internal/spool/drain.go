package spool

import (
	"fmt"
)

// Next returns the oldest records that are not done, at most count of them and about as many bytes, one at least if there
// is any. What cannot be read is moved aside when it is the oldest.
func (s *Spool) Next(count int, bytes int64) ([]Record, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed {
		return nil, nil
	}
	var found []Record
	size := int64(0)
	for index, offset := 0, s.head; index < len(s.segments) && len(found) < count && size < bytes; {
		g := s.segments[index]
		if offset >= g.synced {
			if !g.sealed || offset < g.size {
				break
			}
			index, offset = index+1, 0
			continue
		}
		record, end, err := s.read(g, offset)
		switch {
		case err != nil:
			return found, err
		case record != nil:
			found = append(found, *record)
			size += end - offset
			offset = end
		case len(found) > 0:
			return found, nil
		default:
			if err := s.skip(end, true); err != nil {
				return nil, err
			}
			index, offset = 0, s.head
		}
	}
	return found, nil
}

// read returns the record at an offset and where it ends, or no record and where what cannot be read ends.
func (s *Spool) read(g *segment, offset int64) (record *Record, end int64, err error) {
	h, ok, err := headerAt(g.file, g.seed, offset, g.synced)
	if err != nil {
		return nil, 0, err
	}
	if !ok {
		end, err = find(g.file, g.seed, offset+1, g.synced)
		return nil, end, err
	}
	payload, ok, err := payloadAt(g.file, g.seed, offset, h)
	if err != nil {
		return nil, 0, err
	}
	if !ok {
		return nil, offset + h.size(), nil
	}
	return &Record{At: h.at, Payload: payload}, offset + h.size(), nil
}

// Done forgets the oldest records, which Next has returned.
func (s *Spool) Done(count int) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for range count {
		if err := s.first(false); err != nil {
			return err
		}
	}
	return nil
}

// SetAside moves the oldest record, which Next has returned, to a file of its own: nobody can do it.
func (s *Spool) SetAside() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.first(true)
}

// first passes over the first record.
func (s *Spool) first(aside bool) error {
	if s.closed || len(s.segments) == 0 {
		return nil
	}
	g := s.segments[0]
	h, ok, err := headerAt(g.file, g.seed, s.head, g.synced)
	if err != nil || !ok {
		return err
	}
	return s.skip(s.head+h.size(), aside)
}

// skip makes what stands at an offset of the first segment the first, and moves aside what was before it if that is asked for.
func (s *Spool) skip(end int64, aside bool) error {
	g := s.segments[0]
	h, counted, err := headerAt(g.file, g.seed, s.head, g.synced)
	if err != nil {
		return err
	}
	if aside {
		if err := s.moveAside(g, end); err != nil {
			return err
		}
	}
	if counted {
		s.records--
		if s.owned[h.owner] -= h.size(); s.owned[h.owner] <= 0 {
			delete(s.owned, h.owner)
		}
	}
	s.head = end
	if err := s.sweep(); err != nil {
		return err
	}
	return s.saveCursor()
}

func (s *Spool) moveAside(g *segment, end int64) error {
	torn, err := g.torn(s.head, end)
	if err != nil {
		return err
	}
	if torn {
		s.cfg.Log.Warn("the spool ends in a record that was never written to its end", "segment", g.name(), "bytes", end-s.head)
		return nil
	}
	name, err := g.aside(s.cfg.Directory, s.head, end)
	if err != nil {
		return err
	}
	s.stats.aside++
	s.cfg.Log.Error("a record of the spool cannot be used and was moved aside", "file", name, "bytes", end-s.head)
	return nil
}

// sweep removes the segments of which everything is done.
func (s *Spool) sweep() error {
	for len(s.segments) > 0 {
		g := s.segments[0]
		// One that grows goes too, when nobody waits for it to be synced.
		if s.head < g.size || g.size > g.synced || !g.sealed && g.size == 0 {
			return nil
		}
		if err := g.remove(); err != nil {
			return fmt.Errorf("removing a segment: %w", err)
		}
		s.bytes -= g.size
		s.segments, s.head = s.segments[1:], 0
	}
	return nil
}

// saveCursor notes where to begin after a restart. It is not synced: what is done comes again if need be.
func (s *Spool) saveCursor() error {
	at := cursor{number: s.next, offset: 0}
	if len(s.segments) > 0 {
		at = cursor{s.segments[0].number, s.head}
	}
	if _, err := s.cursor.WriteAt(at.text(), 0); err != nil {
		return fmt.Errorf("noting what is done: %w", err)
	}
	return nil
}
