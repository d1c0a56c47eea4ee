// Package lately remembers that something happened for as many occasions as it is likely to happen again.
package lately

import "sync/atomic"

// Memory is for one kind of thing. The zero value remembers nothing. It is safe for concurrent use.
type Memory struct{ left atomic.Int32 }

// Note says that it happened, which is to be reckoned with on so many occasions from now on.
func (m *Memory) Note(occasions int32) { m.left.Store(occasions) }

// Recent reports whether it is to be reckoned with, and leaves the occasion to Expects.
func (m *Memory) Recent() bool { return m.left.Load() > 0 }

// Expects reports, once for each occasion, whether it is to be reckoned with.
func (m *Memory) Expects() bool { return m.left.Load() > 0 && m.left.Add(-1) >= 0 }
