package automation

import (
	"context"
	"encoding/hex"

	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Pictures returns the pictures of what the set declares, in order, made safe; nil for those that have none.
// The error is a rule.Problems that names every file that is no picture, or too large a one.
func Pictures(set *rule.Set) ([]*avatar.Picture, error) {
	declared := set.Declared()
	pictures := make([]*avatar.Picture, len(declared))
	made := map[*byte]*avatar.Picture{}
	var problems rule.Problems
	for i := range declared {
		d := &declared[i]
		if d.Avatar == nil {
			continue
		}
		if len(d.Avatar) == 0 {
			problems = append(problems, d.AvatarProblem("the picture is empty"))
			continue
		}
		picture, known := made[&d.Avatar[0]]
		if !known {
			var err error
			if picture, err = avatar.Clean(d.Avatar); err != nil {
				problems = append(problems, d.AvatarProblem(fault.As(err).Reason()))
			}
			made[&d.Avatar[0]] = picture
		}
		pictures[i] = picture
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return pictures, nil
}

// dropReplaced forgets the pictures that the change replaced and nothing else uses.
func dropReplaced(ctx context.Context, tx *store.Tx, diff *Diff) error {
	for _, change := range diff.Achievements {
		for _, changed := range change.Fields {
			if changed.Field != "avatar" {
				continue
			}
			replaced, err := hex.DecodeString(changed.From)
			if err != nil {
				return err
			}
			if err := tx.DropAvatar(ctx, replaced); err != nil {
				return err
			}
		}
	}
	return nil
}
