package rule

import (
	"maps"
	"slices"
	"strings"
)

// resolve finds the achievements that others require, in whatever file, and refuses circles.
func (l *loader) resolve() {
	declared := map[Ref]*declaration{}
	for i := range l.achievements {
		for _, tier := range l.achievements[i].tiers {
			declared[Ref{tier.Namespace, tier.Key}] = &l.achievements[i]
		}
	}
	needs := map[*declaration][]*declaration{}
	for i := range l.achievements {
		d := &l.achievements[i]
		if d.award == nil {
			continue
		}
		for _, r := range d.award.requires {
			found, ok := declared[r.ref]
			if !ok {
				d.report.addf(r.at, "requires", "no file declares %q%s", r.ref.Key, nearest(r.ref.Key, keysOf(declared, r.ref.Namespace)))
				continue
			}
			d.requires = append(d.requires, r.of(found)...)
			needs[d] = append(needs[d], found)
		}
	}
	for i := range l.achievements {
		if d := &l.achievements[i]; l.circular(d, needs) {
			d.report.addf(d.where, "requires", "goes in a circle: %q would need itself", d.tiers[0].Key)
		}
	}
}

// of returns the achievements that a requirement names.
func (r *requirement) of(found *declaration) []Ref {
	if !r.series {
		return []Ref{r.ref}
	}
	refs := make([]Ref, len(found.tiers))
	for i, tier := range found.tiers {
		refs[i] = Ref{tier.Namespace, tier.Key}
	}
	return refs
}

func keysOf(declared map[Ref]*declaration, namespace string) []string {
	var keys []string
	for _, ref := range slices.SortedFunc(maps.Keys(declared), func(x, y Ref) int { return strings.Compare(x.Key, y.Key) }) {
		if ref.Namespace == namespace {
			keys = append(keys, ref.Key)
		}
	}
	return keys
}

// circular reports whether a declaration is among what it needs.
func (l *loader) circular(d *declaration, needs map[*declaration][]*declaration) bool {
	seen := map[*declaration]bool{}
	next := slices.Clone(needs[d])
	for len(next) > 0 {
		current := next[len(next)-1]
		next = next[:len(next)-1]
		if current == d {
			return true
		}
		if !seen[current] {
			seen[current] = true
			next = append(next, needs[current]...)
		}
	}
	return false
}
