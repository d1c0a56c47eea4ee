package automation

const (
	// largeBody is from where on it is worth it not to let the compressed body grow by doubling.
	largeBody = 1 << 20
	// queueBytes bounds the bodies, compressed, of deliveries that wait for a commit or are in one, also of those whose senders
	// have stopped waiting. The largest body has room.
	queueBytes = 26 << 20
	// batchBytes is how large the bodies of one transaction may be together, if it has more than one: a statement that
	// stores them takes a multiple of that.
	batchBytes = 4 << 20
)

// load takes room for a delivery's body in the queue, unless there is none.
func (a *Automation) load(in *intake) bool {
	in.loaded = int64(len(in.delivery.Body))
	if a.loaded.Add(in.loaded) <= queueBytes {
		return true
	}
	a.loaded.Add(-in.loaded)
	return false
}

// unload gives back the room of deliveries that are answered.
func (a *Automation) unload(batch []*intake) {
	size := int64(0)
	for _, in := range batch {
		size += in.loaded
	}
	a.loaded.Add(-size)
}

// bySize yields the deliveries in parts that one transaction may have.
func bySize(batch []*intake) func(yield func([]*intake) bool) {
	return func(yield func([]*intake) bool) {
		from, size := 0, 0
		for i, in := range batch {
			if i > from && size+len(in.delivery.Body) > batchBytes {
				if !yield(batch[from:i]) {
					return
				}
				from, size = i, 0
			}
			size += len(in.delivery.Body)
		}
		yield(batch[from:])
	}
}
