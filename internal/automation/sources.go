package automation

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/store"
)

// RecentDeliveries is how far back the deliveries of a source are counted.
const RecentDeliveries = 24 * time.Hour

// SourceState is a configured source, without what is secret of it, and what it sent.
type SourceState struct {
	Name, Forge, BaseURL string
	// Trial says that its deliveries cause nothing.
	Trial bool
	// Projects are what is imported and reconciled.
	Projects []string
	// Recent counts the deliveries of the last RecentDeliveries by outcome.
	Recent map[Outcome]int64
	// Last is the newest delivery, and Trouble the newest one that failed or could not be read; nil for none.
	Last, Trouble *store.Delivery
}

// Sources returns the configured sources by name, and what they sent.
func (a *Automation) Sources(ctx context.Context, tx *store.Tx) ([]SourceState, error) {
	names := make([]string, 0, len(a.sources))
	for name := range a.sources {
		names = append(names, name)
	}
	slices.Sort(names)
	counts, err := tx.CountOutcomes(ctx, a.now().Add(-RecentDeliveries))
	if err != nil {
		return nil, err
	}
	last, err := tx.LastDeliveries(ctx, names)
	if err != nil {
		return nil, err
	}
	troubled, err := tx.LastWithOutcome(ctx, []string{string(Failed), string(Unreadable)})
	if err != nil {
		return nil, err
	}
	states := make([]SourceState, len(names))
	for i, name := range names {
		src := a.sources[name]
		states[i] = SourceState{
			Name: name, Forge: src.Forge, BaseURL: src.BaseURL, Trial: src.DryRun, Projects: src.Projects,
			Recent: map[Outcome]int64{}, Last: deliveryOf(last, name), Trouble: deliveryOf(troubled, name),
		}
	}
	for _, count := range counts {
		at, known := slices.BinarySearchFunc(states, count.Source, func(s SourceState, name string) int { return strings.Compare(s.Name, name) })
		if known {
			states[at].Recent[Outcome(count.Outcome)] = count.N
		}
	}
	return states, nil
}

func deliveryOf(deliveries map[string]store.Delivery, source string) *store.Delivery {
	if delivery, ok := deliveries[source]; ok {
		return &delivery
	}
	return nil
}
