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

// The life of an achievement by GitLab's own client.
func TestGitLabsClient(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		owner, ada := d.gitlabClient(d.person("owner")), d.gitlabClient(d.person("ada"))
		d.member("acme", "owner", "owner")
		namespaceID, adaID := d.number("/api/v1/namespaces/acme"), d.number("/api/v1/users/ada")

		name, description := "Hero", "Saved the day"
		made, _, err := owner.Achievements.CreateAchievement(namespaceID, &gitlab.CreateAchievementOptions{
			Name: &name, Description: &description, Avatar: upload(t, onePixel),
		})
		if err != nil || made.Name != name || *made.Description != description || made.AvatarURL == nil || made.NamespaceID != namespaceID {
			t.Fatalf("creating: %+v, %v", made, err)
		}
		fails(t, "creating it again", func() error {
			_, _, err := owner.Achievements.CreateAchievement(namespaceID, &gitlab.CreateAchievementOptions{Name: gitlab.Ptr("HERO")})
			return err
		}, "Name has already been taken")
		fails(t, "creating in a namespace that is not there", func() error {
			_, _, err := owner.Achievements.CreateAchievement(namespaceID+100, &gitlab.CreateAchievementOptions{Name: &name})
			return err
		}, "does not exist or you don't have permission")
		fails(t, "creating as somebody else", func() error {
			_, _, err := ada.Achievements.CreateAchievement(namespaceID, &gitlab.CreateAchievementOptions{Name: gitlab.Ptr("  ")})
			return err
		}, "does not exist or you don't have permission")
		fails(t, "an avatar that is none", func() error {
			_, _, err := owner.Achievements.CreateAchievement(namespaceID, &gitlab.CreateAchievementOptions{
				Name: gitlab.Ptr("Text"), Avatar: upload(t, []byte("text")),
			})
			return err
		}, "Avatar file format is not supported")
		fails(t, "an avatar that is too large", func() error {
			_, _, err := owner.Achievements.CreateAchievement(namespaceID, &gitlab.CreateAchievementOptions{
				Name: gitlab.Ptr("Large"), Avatar: upload(t, append(slices.Clone(onePixel), make([]byte, 200<<10)...)),
			})
			return err
		}, "Avatar is too big (should be at most 200 KiB)")

		changed, _, err := owner.Achievements.UpdateAchievement(made.ID, &gitlab.UpdateAchievementOptions{Name: gitlab.Ptr("Heroine")})
		if err != nil || changed.Name != "Heroine" || *changed.Description != description || *changed.AvatarURL != *made.AvatarURL {
			t.Fatalf("updating: %+v, %v", changed, err)
		}

		var given []int64
		for range 3 {
			award, _, err := owner.Achievements.AwardAchievement(made.ID, adaID, &gitlab.AwardAchievementOptions{AwardMessage: gitlab.Ptr("Thank you!")})
			if err != nil || award.UserID != adaID || award.AchievementID != made.ID || *award.AwardMessage != "Thank you!" || !award.ShowOnProfile {
				t.Fatalf("awarding: %+v, %v", award, err)
			}
			given = append(given, award.ID)
		}
		fails(t, "awarding nobody", func() error {
			_, _, err := owner.Achievements.AwardAchievement(made.ID, 4711, nil)
			return err
		}, `Couldn't find User with 'id'="4711"`)
		fails(t, "awarding with a long message", func() error {
			_, _, err := owner.Achievements.AwardAchievement(made.ID, adaID, &gitlab.AwardAchievementOptions{AwardMessage: gitlab.Ptr(strings.Repeat("x", 201))})
			return err
		}, "awardMessage is too long (maximum is 200)")

		ordered, _, err := ada.Achievements.UpdateUserAchievementPriorities([]int64{given[2], given[0], given[2]})
		if err != nil || len(ordered) != 2 || ordered[0].ID != given[0] || *ordered[0].Priority != 0 || ordered[1].ID != given[2] {
			t.Fatalf("ordering: %+v, %v", ordered, err)
		}
		fails(t, "ordering somebody else's", func() error {
			_, _, err := owner.Achievements.UpdateUserAchievementPriorities(given)
			return err
		}, "does not exist or you don't have permission")

		hidden, _, err := ada.Achievements.UpdateUserAchievement(given[1], &gitlab.UpdateUserAchievementOptions{ShowOnProfile: gitlab.Ptr(false)})
		if err != nil || hidden.ShowOnProfile {
			t.Fatalf("hiding: %+v, %v", hidden, err)
		}
		ignored, _, err := owner.Achievements.UpdateUserAchievement(given[0], &gitlab.UpdateUserAchievementOptions{ShowOnProfile: gitlab.Ptr(false)})
		if err != nil || !ignored.ShowOnProfile {
			t.Fatalf("hiding somebody else's: %+v, %v", ignored, err)
		}
		taken, _, err := owner.Achievements.RevokeAchievement(given[0])
		if err != nil || taken.RevokedAt == nil || taken.RevokedByUserID == nil {
			t.Fatalf("revoking: %+v, %v", taken, err)
		}
		fails(t, "revoking twice", func() error {
			_, _, err := owner.Achievements.RevokeAchievement(given[0])
			return err
		}, "This achievement has already been revoked")
		if gone, _, err := owner.Achievements.DeleteUserAchievement(given[2]); err != nil || gone.ID != given[2] {
			t.Fatalf("deleting an award: %+v, %v", gone, err)
		}
		if gone, _, err := owner.Achievements.DeleteAchievement(made.ID); err != nil || gone.Name != "Heroine" {
			t.Fatalf("deleting: %+v, %v", gone, err)
		}
		fails(t, "deleting what is not there", func() error {
			_, _, err := owner.Achievements.DeleteAchievement(made.ID)
			return err
		}, "does not exist or you don't have permission")
	})
}

func upload(t *testing.T, content []byte) *gitlab.GraphQLUpload {
	t.Helper()

	file, err := gitlab.NewGraphQLUpload(bytes.NewReader(content), "avatar.gif", "image/gif")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func fails(t *testing.T, what string, do func() error, want string) {
	t.Helper()
	if err := do(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

// Lists page by page, forward and backward, by GitLab's own client.
func TestGitLabsClientPages(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		owner := d.gitlabClient(d.person("owner"))
		d.member("acme", "owner", "owner")
		namespaceID := d.number("/api/v1/namespaces/acme")
		var badges, people []int64
		for i := range 5 {
			made, _, err := owner.Achievements.CreateAchievement(namespaceID, &gitlab.CreateAchievementOptions{Name: gitlab.Ptr("Badge " + strconv.Itoa(i))})
			if err != nil {
				t.Fatal(err)
			}
			badges = append(badges, made.ID)
			name := "user" + strconv.Itoa(i)
			d.person(name)
			people = append(people, d.number("/api/v1/users/"+name))
		}
		for _, person := range people {
			for range 2 {
				if _, _, err := owner.Achievements.AwardAchievement(badges[0], person, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		all, _, err := owner.Achievements.ListAchievements("acme", nil)
		same(t, "all achievements", idsOf(all, func(a *gitlab.Achievement) int64 { return a.ID }), badges)
		some, _, err2 := owner.Achievements.ListAchievements("acme", &gitlab.ListAchievementsOptions{IDs: []int64{badges[3], badges[1], 4711}})
		same(t, "some achievements", idsOf(some, func(a *gitlab.Achievement) int64 { return a.ID }), []int64{badges[1], badges[3]})
		last, _, err3 := owner.Achievements.ListAchievements("acme", &gitlab.ListAchievementsOptions{Last: gitlab.Ptr(int64(2))})
		same(t, "the last achievements", idsOf(last, func(a *gitlab.Achievement) int64 { return a.ID }), badges[3:])
		for _, err := range []error{err, err2, err3} {
			if err != nil {
				t.Fatal(err)
			}
		}

		var seen []int64
		var after *string
		for range 4 {
			page, response, err := owner.Achievements.ListAchievements("acme", &gitlab.ListAchievementsOptions{First: gitlab.Ptr(int64(2)), After: after})
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, idsOf(page, func(a *gitlab.Achievement) int64 { return a.ID })...)
			if response.PageInfo == nil || !response.PageInfo.HasNextPage {
				break
			}
			after = &response.PageInfo.EndCursor
		}
		same(t, "all pages", seen, badges)

		recipients, _, err := owner.Achievements.ListAchievementRecipients("acme", badges[0], nil)
		if err != nil || len(recipients) != 10 {
			t.Fatalf("%d recipients, %v", len(recipients), err)
		}
		unique, _, err := owner.Achievements.ListAchievementUniqueUsers("acme", badges[0], &gitlab.ListAchievementUniqueUsersOptions{First: gitlab.Ptr(int64(3))})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the first unique users", idsOf(unique, func(u *gitlab.BasicUser) int64 { return u.ID }), people[:3])
		mine, _, err := owner.Achievements.ListUserAchievements("user3", nil)
		if err != nil || len(mine) != 2 {
			t.Fatalf("%d awards of one, %v", len(mine), err)
		}
		fails(t, "the awards of nobody", func() error {
			_, _, err := owner.Achievements.ListUserAchievements("nobody", nil)
			return err
		}, "404")
	})
}

func idsOf[T any](items []*T, id func(*T) int64) []int64 {
	ids := make([]int64, len(items))
	for i, item := range items {
		ids[i] = id(item)
	}
	return ids
}
