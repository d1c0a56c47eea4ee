package server_test

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// gitlabClient is GitLab's own Go client with somebody's token, pointed at the service.
func (d *door) gitlabClient(token string) *gitlab.Client {
	d.t.Helper()

	client, err := gitlab.NewClient(token, gitlab.WithBaseURL(d.url), gitlab.WithoutRetries())
	if err != nil {
		d.t.Fatal(err)
	}
	return client
}

func (d *door) number(path string) int64 {
	d.t.Helper()

	id, err := strconv.ParseInt(d.must(http.StatusOK, adminToken, "GET", path, nil).id(), 10, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

// gitlabLife is an achievement's, by GitLab's own client.
type gitlabLife struct {
	*door

	owner, ada         *gitlab.Client
	namespaceID, adaID int64
	made               *gitlab.Achievement
	given              []int64
}

func TestGitLabsClient(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		l := &gitlabLife{door: d, owner: d.gitlabClient(d.person("owner")), ada: d.gitlabClient(d.person("ada"))}
		d.member("acme", "owner", "owner")
		l.namespaceID, l.adaID = d.number("/api/v1/namespaces/acme"), d.number("/api/v1/users/ada")
		l.create()
		l.fail()
		l.award()
		l.arrange()
		l.end()
	})
}

func (l *gitlabLife) create() {
	l.t.Helper()

	made, _, err := l.owner.Achievements.CreateAchievement(l.namespaceID, &gitlab.CreateAchievementOptions{
		Name: new("Hero"), Description: new("Saved the day"), Avatar: upload(l.t, onePixel),
	})
	if err != nil || made.Name != "Hero" || *made.Description != "Saved the day" || made.AvatarURL == nil || made.NamespaceID != l.namespaceID {
		l.t.Fatalf("creating: %+v, %v", made, err)
	}
	changed, _, err := l.owner.Achievements.UpdateAchievement(made.ID, &gitlab.UpdateAchievementOptions{Name: new("Heroine")})
	if err != nil || changed.Name != "Heroine" || *changed.Description != "Saved the day" || *changed.AvatarURL != *made.AvatarURL {
		l.t.Fatalf("updating: %+v, %v", changed, err)
	}
	l.made = changed
}

func (l *gitlabLife) fail() {
	l.t.Helper()

	for _, tc := range []struct {
		what, want string
		by         *gitlab.Client
		namespace  int64
		with       gitlab.CreateAchievementOptions
	}{
		{"a name that is taken", "Name has already been taken", l.owner, l.namespaceID, gitlab.CreateAchievementOptions{Name: new("HEROINE")}},
		{"a name of spaces", "Name can't be blank", l.owner, l.namespaceID, gitlab.CreateAchievementOptions{Name: new("  ")}},
		{"a long name", "Name is too long (maximum is 255 characters)", l.owner, l.namespaceID, gitlab.CreateAchievementOptions{Name: new(strings.Repeat("x", 256))}},
		{"a namespace that is not there", noPermission, l.owner, l.namespaceID + 100, gitlab.CreateAchievementOptions{Name: new("A")}},
		{"somebody else", noPermission, l.ada, l.namespaceID, gitlab.CreateAchievementOptions{Name: new("  ")}},
		{"an avatar that is none", "Avatar file format is not supported", l.owner, l.namespaceID, gitlab.CreateAchievementOptions{
			Name: new("Text"), Avatar: upload(l.t, []byte("text")),
		}},
		{"an avatar that is too large", "Avatar is too big (should be at most 200 KiB)", l.owner, l.namespaceID, gitlab.CreateAchievementOptions{
			Name: new("Large"), Avatar: upload(l.t, append(slices.Clone(onePixel), make([]byte, 200<<10)...)),
		}},
	} {
		_, _, err := tc.by.Achievements.CreateAchievement(tc.namespace, &tc.with)
		fails(l.t, tc.what, err, tc.want)
	}
}

const noPermission = "does not exist or you don't have permission to perform this action"

func (l *gitlabLife) award() {
	l.t.Helper()

	for range 3 {
		award, _, err := l.owner.Achievements.AwardAchievement(l.made.ID, l.adaID, &gitlab.AwardAchievementOptions{AwardMessage: new("Thank you!")})
		if err != nil || award.UserID != l.adaID || award.AchievementID != l.made.ID || *award.AwardMessage != "Thank you!" || !award.ShowOnProfile {
			l.t.Fatalf("awarding: %+v, %v", award, err)
		}
		l.given = append(l.given, award.ID)
	}
	_, _, err := l.owner.Achievements.AwardAchievement(l.made.ID, 4711, nil)
	fails(l.t, "awarding nobody", err, `Couldn't find User with 'id'="4711"`)
	_, _, err = l.owner.Achievements.AwardAchievement(l.made.ID, l.adaID, &gitlab.AwardAchievementOptions{AwardMessage: new(strings.Repeat("x", 201))})
	fails(l.t, "awarding with a long message", err, "awardMessage is too long (maximum is 200)")
}

func (l *gitlabLife) arrange() {
	l.t.Helper()

	ordered, _, err := l.ada.Achievements.UpdateUserAchievementPriorities([]int64{l.given[2], l.given[0], l.given[2]})
	if err != nil || len(ordered) != 2 || ordered[0].ID != l.given[0] || *ordered[0].Priority != 0 || ordered[1].ID != l.given[2] {
		l.t.Fatalf("ordering: %+v, %v", ordered, err)
	}
	_, _, err = l.owner.Achievements.UpdateUserAchievementPriorities(l.given)
	fails(l.t, "ordering somebody else's", err, noPermission)
	again, _, err := l.ada.Achievements.UpdateUserAchievementPriorities(l.given[1:2])
	if err != nil || len(again) != 3 || *again[0].Priority != 0 || again[1].Priority != nil {
		l.t.Fatalf("ordering anew: %+v, %v", again, err)
	}
	hidden, _, err := l.ada.Achievements.UpdateUserAchievement(l.given[1], &gitlab.UpdateUserAchievementOptions{ShowOnProfile: new(false)})
	if err != nil || hidden.ShowOnProfile {
		l.t.Fatalf("hiding: %+v, %v", hidden, err)
	}
	ignored, _, err := l.owner.Achievements.UpdateUserAchievement(l.given[0], &gitlab.UpdateUserAchievementOptions{ShowOnProfile: new(false)})
	if err != nil || !ignored.ShowOnProfile {
		l.t.Fatalf("hiding somebody else's: %+v, %v", ignored, err)
	}
}

func (l *gitlabLife) end() {
	l.t.Helper()

	taken, _, err := l.owner.Achievements.RevokeAchievement(l.given[0])
	if err != nil || taken.RevokedAt == nil || taken.RevokedByUserID == nil {
		l.t.Fatalf("revoking: %+v, %v", taken, err)
	}
	_, _, err = l.owner.Achievements.RevokeAchievement(l.given[0])
	fails(l.t, "revoking twice", err, "This achievement has already been revoked")
	if gone, _, err := l.owner.Achievements.DeleteUserAchievement(l.given[2]); err != nil || gone.ID != l.given[2] {
		l.t.Fatalf("deleting an award: %+v, %v", gone, err)
	}
	if gone, _, err := l.owner.Achievements.DeleteAchievement(l.made.ID); err != nil || gone.Name != "Heroine" {
		l.t.Fatalf("deleting: %+v, %v", gone, err)
	}
	_, _, err = l.owner.Achievements.DeleteAchievement(l.made.ID)
	fails(l.t, "deleting what is not there", err, noPermission)
}

func upload(t *testing.T, content []byte) *gitlab.GraphQLUpload {
	t.Helper()

	file, err := gitlab.NewGraphQLUpload(bytes.NewReader(content), "avatar.gif", "image/gif")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func fails(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

// gitlabLists are achievements that several people hold.
type gitlabLists struct {
	*door

	by             *gitlab.Client
	badges, people []int64
}

// Lists page by page, forward and backward, by GitLab's own client.
func TestGitLabsClientPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		l := &gitlabLists{door: d, by: d.gitlabClient(d.person("owner"))}
		d.member("acme", "owner", "owner")
		for i := range 5 {
			l.badges = append(l.badges, d.number(d.achievement("acme", "Badge "+strconv.Itoa(i), "repeatable")))
			name := "user" + strconv.Itoa(i)
			d.person(name)
			l.people = append(l.people, d.number("/api/v1/users/"+name))
		}
		for _, person := range slices.Concat(l.people, l.people) {
			if _, _, err := l.by.Achievements.AwardAchievement(l.badges[0], person, nil); err != nil {
				t.Fatal(err)
			}
		}
		l.achievements()
		l.pagesOf()
		l.holders()
	})
}

func (l *gitlabLists) achievements() {
	l.t.Helper()

	for what, tc := range map[string]struct {
		options *gitlab.ListAchievementsOptions
		want    []int64
	}{
		"all":                 {nil, l.badges},
		"some":                {&gitlab.ListAchievementsOptions{IDs: []int64{l.badges[3], l.badges[1], 4711}}, []int64{l.badges[1], l.badges[3]}},
		"the last ones":       {&gitlab.ListAchievementsOptions{Last: new(int64(2))}, l.badges[3:]},
		"the first ones":      {&gitlab.ListAchievementsOptions{First: new(int64(2))}, l.badges[:2]},
		"more than there are": {&gitlab.ListAchievementsOptions{First: new(int64(1000))}, l.badges},
	} {
		found, _, err := l.by.Achievements.ListAchievements("acme", tc.options)
		if err != nil {
			l.t.Fatal(err)
		}
		same(l.t, what, idsOf(found, func(a *gitlab.Achievement) int64 { return a.ID }), tc.want)
	}
}

func (l *gitlabLists) pagesOf() {
	l.t.Helper()

	var forward, backward []int64
	options := &gitlab.ListAchievementsOptions{First: new(int64(2))}
	for range 4 {
		page, response, err := l.by.Achievements.ListAchievements("acme", options)
		if err != nil {
			l.t.Fatal(err)
		}
		forward = append(forward, idsOf(page, func(a *gitlab.Achievement) int64 { return a.ID })...)
		options.After = &response.PageInfo.EndCursor
		if !response.PageInfo.HasNextPage {
			break
		}
	}
	same(l.t, "all pages", forward, l.badges)
	options = &gitlab.ListAchievementsOptions{Last: new(int64(2))}
	for range 4 {
		page, response, err := l.by.Achievements.ListAchievements("acme", options)
		if err != nil {
			l.t.Fatal(err)
		}
		backward = append(idsOf(page, func(a *gitlab.Achievement) int64 { return a.ID }), backward...)
		options.Before = &response.PageInfo.StartCursor
		if !response.PageInfo.HasPreviousPage {
			break
		}
	}
	same(l.t, "all pages from the end", backward, l.badges)
}

func (l *gitlabLists) holders() {
	l.t.Helper()

	recipients, _, err := l.by.Achievements.ListAchievementRecipients("acme", l.badges[0], nil)
	if err != nil || len(recipients) != 10 {
		l.t.Fatalf("%d recipients, %v", len(recipients), err)
	}
	unique, _, err := l.by.Achievements.ListAchievementUniqueUsers("acme", l.badges[0], &gitlab.ListAchievementUniqueUsersOptions{First: new(int64(3))})
	if err != nil {
		l.t.Fatal(err)
	}
	same(l.t, "the first unique users", idsOf(unique, func(u *gitlab.BasicUser) int64 { return u.ID }), l.people[:3])
	mine, _, err := l.by.Achievements.ListUserAchievements("user3", nil)
	if err != nil || len(mine) != 2 {
		l.t.Fatalf("%d awards of one, %v", len(mine), err)
	}
	_, _, err = l.by.Achievements.ListUserAchievements("nobody", nil)
	fails(l.t, "the awards of nobody", err, "404")
}

func idsOf[T any](items []*T, id func(*T) int64) []int64 {
	ids := make([]int64, len(items))
	for i, item := range items {
		ids[i] = id(item)
	}
	return ids
}
