package rest

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/rule"
)

func (s *server) GetRules(ctx context.Context, _ api.GetRulesRequestObject) (api.GetRulesResponseObject, error) {
	rules, err := s.operations.GetRules(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	body := api.Rules{
		Revision: apiRevision(&rules.RevisionView), Files: each(rules.Files, apiRulesFile),
		Replay: api.ReplayProgress{Running: rules.Replay.Running, Done: rules.Replay.Done, Total: rules.Replay.Total},
	}
	return api.GetRules200JSONResponse{Body: body, Headers: api.GetRules200ResponseHeaders{ETag: rulesTag(rules.Hash, body)}}, nil
}

func (s *server) ListRevisions(ctx context.Context, request api.ListRevisionsRequestObject) (api.ListRevisionsResponseObject, error) {
	found, err := s.operations.ListRevisions(ctx, callerOf(ctx), pageOf(request.Params.Limit, request.Params.Cursor))
	if err != nil {
		return nil, err
	}
	query := url.Values{"limit": {strconv.Itoa(int(value(request.Params.Limit)))}}
	link, cursor := s.nextLink("/rules/revisions", query, found.Next)
	return api.ListRevisions200JSONResponse{
		Body: api.RevisionPage{Items: each(found.Items, apiRevision), NextCursor: cursor}, Headers: api.ListRevisions200ResponseHeaders{Link: link},
	}, nil
}

func (s *server) ApplyRules(ctx context.Context, request api.ApplyRulesRequestObject) (api.ApplyRulesResponseObject, error) {
	diff, err := s.operations.ApplyRules(ctx, callerOf(ctx), operation.NewRules{
		Files: each(request.Body.Files, func(f *api.RulesFile) rule.File {
			return rule.File{Name: f.Name, Text: value(f.Text), Data: value(f.Data)}
		}),
		DryRun: value(request.Body.DryRun), Notify: value(request.Body.Notify), Match: matchHash(request.Params.IfMatch),
	})
	if err != nil {
		return nil, err
	}
	return api.ApplyRules200JSONResponse(apiDiff(diff)), nil
}

// rulesTag is the entity tag of the rules: their hash, which is what a change is made to, and then what tells how they are shown
// from how they were while a replay for them ran.
func rulesTag(hash string, shown api.Rules) *string {
	tag := etag(shown)
	if tag != nil {
		*tag = `"` + hash + "-" + strings.TrimPrefix(*tag, `"`)
	}
	return tag
}

// matchHash returns whether a hash is among those that If-Match names, alone or as rulesTag has it; nil when any is good.
func matchHash(header *string) func(string) bool {
	if header == nil || strings.TrimSpace(*header) == "*" {
		return nil
	}
	var named []string
	for tag := range strings.SplitSeq(*header, ",") {
		hash, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(tag), `"`), "-")
		named = append(named, hash)
	}
	return func(hash string) bool { return slices.Contains(named, hash) }
}

func apiRevision(revision *operation.RevisionView) api.Revision {
	return api.Revision{
		Id: revision.ID, Hash: revision.Hash, AppliedAt: revision.AppliedAt, AppliedBy: unlessZero(revision.AppliedBy),
	}
}

func apiRulesFile(file *rule.File) api.RulesFile {
	if file.Data != nil {
		return api.RulesFile{Name: file.Name, Data: &file.Data}
	}
	return api.RulesFile{Name: file.Name, Text: &file.Text}
}

func apiDiff(diff *automation.Diff) api.RulesDiff {
	rules := diff.Rules
	if rules == nil {
		rules = []string{}
	}
	return api.RulesDiff{
		RevisionId: unlessZero(diff.RevisionID), Hash: diff.Hash, Unchanged: diff.Unchanged, Rules: rules, ReplayedEvents: diff.Events,
		EventsSince: unlessNever(diff.EventsSince), ForeseenUntil: unlessNever(diff.ForeseenUntil),
		Achievements: each(diff.Achievements, func(change *automation.Change) api.AchievementDiff {
			return api.AchievementDiff{
				What: api.AchievementDiffWhat(change.What), Name: change.Name,
				Fields: each(change.Fields, func(f *automation.FieldChange) api.FieldChange {
					return api.FieldChange{Field: f.Field, From: f.From, To: f.To}
				}),
			}
		}),
		Gains: each(diff.Gains, apiEffect), Losses: each(diff.Losses, apiEffect),
	}
}

func apiEffect(effect *automation.Effect) api.Effect {
	return api.Effect{
		Achievement: effect.Achievement, Username: effect.Username, Occurrence: unlessZero(effect.Occurrence), At: effect.At,
	}
}

func (s *server) ListRuleStates(ctx context.Context, _ api.ListRuleStatesRequestObject) (api.ListRuleStatesResponseObject, error) {
	states, err := s.operations.RuleStates(ctx, callerOf(ctx))
	if err != nil {
		return nil, err
	}
	return api.ListRuleStates200JSONResponse{Items: each(states, apiRuleState)}, nil
}

func apiRuleState(state *automation.RuleState) api.RuleState {
	shown := api.RuleState{
		Rule: state.Rule, File: state.File, Line: int32(state.Line), //nolint:gosec // files are bounded
		Achievements: each(state.Gives, func(gives *automation.RuleGives) api.ReceiptAchievement {
			return api.ReceiptAchievement{Id: gives.ID, Key: unlessZero(gives.Key), Name: gives.Name}
		}),
		Awards: state.Awards, LastAwardedAt: unlessNever(state.LastAwarded),
	}
	if state.FailedOn != 0 {
		shown.Failure = &api.RuleFailure{EventId: state.FailedOn, Text: state.Failure}
	}
	return shown
}
