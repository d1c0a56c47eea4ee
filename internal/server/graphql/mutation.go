package graphql

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	gqlgen "github.com/99designs/gqlgen/graphql"

	api "github.com/seed-504bad89/accolade/api/graphql"
	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// mutation has the mutations. Each asks first whether the caller may, so that nobody learns by what is wrong with the
// input that something exists.
type mutation struct{ *root }

func (m *mutation) AchievementsCreate(ctx context.Context, in api.AchievementsCreateInput) (*api.AchievementsCreatePayload, error) {
	id, err := parseGID(in.NamespaceID, namespaceClass, groupClass)
	if err != nil {
		return nil, err
	}
	namespace := strconv.FormatInt(id, 10)
	if err := m.operations.RequireRole(ctx, callerOf(ctx), operation.Belonging{Namespace: namespace}, achievement.Maintainer); err != nil {
		return nil, err
	}
	picture, err := bytesOf(in.Avatar)
	if err != nil {
		return nil, err
	}
	created, err := m.operations.CreateAchievement(ctx, callerOf(ctx), operation.NewAchievement{
		Namespace: namespace, Name: in.Name, Description: value(in.Description), Kind: kindOf(in.Kind), Avatar: picture,
	})
	texts, err := payload(err)
	if err != nil {
		return nil, err
	}
	out := &api.AchievementsCreatePayload{ClientMutationID: in.ClientMutationID, Errors: texts}
	if created != nil {
		out.Achievement = m.shape.achievement(created)
	}
	return out, nil
}

func (m *mutation) AchievementsUpdate(ctx context.Context, in api.AchievementsUpdateInput) (*api.AchievementsUpdatePayload, error) {
	id, err := parseGID(in.AchievementID, achievementClass)
	if err != nil {
		return nil, err
	}
	if err := m.operations.RequireRole(ctx, callerOf(ctx), operation.Belonging{AchievementID: id}, achievement.Maintainer); err != nil {
		return nil, err
	}
	change := operation.AchievementChange{Name: in.Name, Description: in.Description}
	if in.Kind != nil {
		kind := kindOf(in.Kind)
		change.Kind = &kind
	}
	if change.Avatar, err = bytesOf(in.Avatar); err != nil {
		return nil, err
	}
	changed, err := m.operations.UpdateAchievement(ctx, callerOf(ctx), id, change)
	texts, err := payload(err)
	if err != nil {
		return nil, err
	}
	if changed == nil { // GitLab answers with the achievement as it is, beside what is wrong.
		if changed, err = m.operations.GetAchievement(ctx, callerOf(ctx), id); err != nil {
			return nil, err
		}
	}
	return &api.AchievementsUpdatePayload{ClientMutationID: in.ClientMutationID, Achievement: m.shape.achievement(changed), Errors: texts}, nil
}

func (m *mutation) AchievementsDelete(ctx context.Context, in api.AchievementsDeleteInput) (*api.AchievementsDeletePayload, error) {
	id, err := parseGID(in.AchievementID, achievementClass)
	if err != nil {
		return nil, err
	}
	found, err := m.operations.GetAchievement(ctx, callerOf(ctx), id)
	if err != nil {
		return nil, err
	}
	texts, err := payload(m.operations.DeleteAchievement(ctx, callerOf(ctx), id, nil))
	if err != nil {
		return nil, err
	}
	return &api.AchievementsDeletePayload{ClientMutationID: in.ClientMutationID, Achievement: m.shape.achievement(found), Errors: texts}, nil
}

func (m *mutation) AchievementsAward(ctx context.Context, in api.AchievementsAwardInput) (*api.AchievementsAwardPayload, error) {
	id, err := parseGID(in.AchievementID, achievementClass)
	if err != nil {
		return nil, err
	}
	recipient, err := parseGID(in.UserID, userClass)
	if err != nil {
		return nil, err
	}
	if err := tooLongMessage(in.AwardMessage); err != nil {
		return nil, err
	}
	if err := m.operations.RequireRole(ctx, callerOf(ctx), operation.Belonging{AchievementID: id}, achievement.Maintainer); err != nil {
		return nil, err
	}
	out := &api.AchievementsAwardPayload{ClientMutationID: in.ClientMutationID, Errors: []string{}}
	given, err := m.operations.AwardAchievement(ctx, callerOf(ctx), operation.NewAward{
		AchievementID: id, User: strconv.FormatInt(recipient, 10), Message: value(in.AwardMessage),
	})
	if fault.Is(err, fault.NotFound) { // The achievement is there, so that it is the recipient who is not.
		out.Errors = []string{fmt.Sprintf(`Couldn't find User with 'id'="%d"`, recipient)}
		return out, nil
	}
	if out.Errors, err = payload(err); err != nil {
		return nil, err
	}
	if given != nil {
		out.UserAchievement = m.shape.award(given)
	}
	return out, nil
}

func (m *mutation) AchievementsRevoke(ctx context.Context, in api.AchievementsRevokeInput) (*api.AchievementsRevokePayload, error) {
	id, err := parseGID(in.UserAchievementID, awardClass)
	if err != nil {
		return nil, err
	}
	taken, err := m.operations.RevokeAward(ctx, callerOf(ctx), id, "")
	texts, err := payload(err)
	if err != nil {
		return nil, err
	}
	out := &api.AchievementsRevokePayload{ClientMutationID: in.ClientMutationID, Errors: texts}
	if taken != nil && len(texts) == 0 {
		out.UserAchievement = m.shape.award(taken)
	}
	return out, nil
}

// UserAchievementsUpdate ignores what is not the caller's to change of an award that the caller may change otherwise,
// as GitLab does.
func (m *mutation) UserAchievementsUpdate(ctx context.Context, in api.UserAchievementsUpdateInput) (*api.UserAchievementsUpdatePayload, error) {
	id, err := parseGID(in.UserAchievementID, awardClass)
	if err != nil {
		return nil, err
	}
	if err := tooLongMessage(in.AwardMessage); err != nil {
		return nil, err
	}
	caller := callerOf(ctx)
	view, err := m.operations.GetAward(ctx, caller, id)
	if err != nil {
		return nil, err
	}
	mine := !caller.Anonymous() && view.User.ID == caller.ID()
	maintains := m.operations.RequireRole(ctx, caller, operation.Belonging{AwardID: id}, achievement.Maintainer)
	if maintains != nil && !mine {
		return nil, maintains
	}
	change := operation.AwardChange{ShowOnProfile: in.ShowOnProfile, Message: in.AwardMessage}
	if !mine {
		change.ShowOnProfile = nil
	}
	if maintains != nil {
		change.Message = nil
	}
	changed, err := m.operations.UpdateAward(ctx, caller, id, change)
	texts, err := payload(err)
	if err != nil {
		return nil, err
	}
	if changed == nil {
		changed = view
	}
	return &api.UserAchievementsUpdatePayload{ClientMutationID: in.ClientMutationID, UserAchievement: m.shape.award(changed), Errors: texts}, nil
}

func (m *mutation) UserAchievementsDelete(ctx context.Context, in api.UserAchievementsDeleteInput) (*api.UserAchievementsDeletePayload, error) {
	id, err := parseGID(in.UserAchievementID, awardClass)
	if err != nil {
		return nil, err
	}
	found, err := m.operations.GetAward(ctx, callerOf(ctx), id)
	if err != nil {
		return nil, err
	}
	texts, err := payload(m.operations.DeleteAward(ctx, callerOf(ctx), id, nil))
	if err != nil {
		return nil, err
	}
	return &api.UserAchievementsDeletePayload{ClientMutationID: in.ClientMutationID, UserAchievement: m.shape.award(found), Errors: texts}, nil
}

func (m *mutation) UserAchievementPrioritiesUpdate(
	ctx context.Context, in api.UserAchievementPrioritiesUpdateInput,
) (*api.UserAchievementPrioritiesUpdatePayload, error) {
	ids, err := parseGIDs(in.UserAchievementIds, awardClass)
	if err != nil {
		return nil, err
	}
	changed, err := m.operations.PrioritiseAwards(ctx, callerOf(ctx), lastOnly(ids))
	if known := fault.As(err); known != nil && known.Kind == fault.Invalid && len(known.Fields) > 0 && known.Fields[0].Code == "not_yours" {
		return nil, errResource
	}
	texts, err := payload(err)
	if err != nil {
		return nil, err
	}
	out := &api.UserAchievementPrioritiesUpdatePayload{ClientMutationID: in.ClientMutationID, Errors: texts, UserAchievements: []*api.UserAchievement{}}
	for i := range changed {
		out.UserAchievements = append(out.UserAchievements, m.shape.award(&changed[i]))
	}
	return out, nil
}

// lastOnly keeps of ids that stand there twice the last one.
func lastOnly(ids []int64) []int64 {
	kept := make([]int64, 0, len(ids))
	for i, id := range ids {
		if !slices.Contains(ids[i+1:], id) {
			kept = append(kept, id)
		}
	}
	return kept
}

func kindOf(kind *api.AchievementKind) achievement.Kind {
	return achievement.Kind(strings.ToLower(string(value(kind))))
}

// bytesOf reads an uploaded file, of one that is too large for an avatar as much as shows that.
func bytesOf(file *gqlgen.Upload) ([]byte, error) {
	if file == nil {
		return nil, nil
	}
	content, err := io.ReadAll(io.LimitReader(file.File, avatar.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading an upload: %w", err)
	}
	return content, nil
}
