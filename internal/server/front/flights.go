package front

import (
	"context"
	"sync"
)

// flights are the requests that read just now, by what they ask for.
type flights struct {
	mutex   sync.Mutex
	running map[string]chan struct{}
}

// wait waits until the request that reads the same is answered, and reports whether there was one.
func (f *flights) wait(ctx context.Context, key string) bool {
	f.mutex.Lock()
	landed := f.running[key]
	f.mutex.Unlock()
	if landed == nil {
		return false
	}
	select {
	case <-landed:
	case <-ctx.Done():
	}
	return true
}

// begin notes a request that reads until the returned function is called. If another one reads the same, nobody waits for
// this one.
func (f *flights) begin(key string) (end func()) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.running[key] != nil {
		return func() {}
	}
	landed := make(chan struct{})
	f.running[key] = landed
	return sync.OnceFunc(func() {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		delete(f.running, key)
		close(landed)
	})
}

func withPending(ctx context.Context, p *pending) context.Context {
	return context.WithValue(ctx, pendingKey{}, p)
}
