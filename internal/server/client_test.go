package server_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/seed-504bad89/accolade/api/client"
)

// The whole life of an achievement by the Go client that is generated from the contract.
func TestTheGoClientDoesTheWholeLifeCycle(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ctx := t.Context()
		admin := d.clientOf(adminToken)
		user, err := admin.CreateUserWithResponse(ctx, nil, client.CreateUser{Username: "ada", Name: "Ada Lovelace", Email: new("ada@example.com")})
		created(t, user, err)
		namespace, err := admin.CreateNamespaceWithResponse(ctx, nil, client.CreateNamespace{FullPath: "acme/tools", Name: "Tools", Visibility: "private"})
		created(t, namespace, err)
		member, err := admin.PutMemberWithResponse(ctx, "acme/tools", "ada", client.PutMember{AccessLevel: "maintainer"})
		created(t, member, err)
		token, err := admin.CreateTokenWithResponse(ctx, "ada", nil, client.CreateToken{Name: "life", Scopes: []client.Scope{"write"}})
		created(t, token, err)

		ada := d.clientOf(token.JSON201.Token)
		id := clientMakes(t, ada)
		clientAwards(t, d, ada, admin, id)
		gone, err := ada.DeleteAchievementWithResponse(ctx, id, nil)
		succeeded(t, http.StatusNoContent, gone, err)
		audit, err := admin.ListNamespaceAuditEventsWithResponse(ctx, "acme/tools", nil)
		succeeded(t, http.StatusOK, audit, err)
		same(t, "the last deed", audit.JSON200.Items[0].Action, "achievement.deleted")
		erased, err := ada.EraseUserWithResponse(ctx, "ada", nil)
		succeeded(t, http.StatusNoContent, erased, err)
		empty, err := admin.DeleteNamespaceWithResponse(ctx, "acme/tools", nil)
		succeeded(t, http.StatusNoContent, empty, err)
	})
}

// clientMakes creates an achievement with an avatar and changes it.
func clientMakes(t *testing.T, ada *client.ClientWithResponses) int64 {
	t.Helper()

	ctx := t.Context()
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	for _, err := range []error{parts.WriteField("name", "Badge"), writeFile(parts, onePixel), parts.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	key := &client.CreateAchievementParams{IdempotencyKey: new("once")}
	badge, err := ada.CreateAchievementWithBodyWithResponse(ctx, "acme/tools", key, parts.FormDataContentType(), &form)
	created(t, badge, err)
	id := badge.JSON201.Id
	picture, err := ada.GetAchievementAvatarWithResponse(ctx, id, nil)
	succeeded(t, http.StatusOK, picture, err)
	read, err := ada.GetAchievementWithResponse(ctx, id)
	succeeded(t, http.StatusOK, read, err)
	match := &client.UpdateAchievementParams{IfMatch: new(read.HTTPResponse.Header.Get("ETag"))}
	changed, err := ada.UpdateAchievementWithResponse(ctx, id, match, client.UpdateAchievement{Kind: new(client.Kind("revocable"))})
	succeeded(t, http.StatusOK, changed, err)
	stale, err := ada.UpdateAchievementWithResponse(ctx, id, match, client.UpdateAchievement{Name: new("Other")})
	succeeded(t, http.StatusPreconditionFailed, stale, err)
	same(t, "the problem's code", stale.ApplicationproblemJSON412.Code, "changed")
	return id
}

// clientAwards awards it, revokes, shows, orders, hides and exports.
func clientAwards(t *testing.T, d *door, ada, admin *client.ClientWithResponses, id int64) {
	t.Helper()

	ctx := t.Context()
	first, err := ada.AwardAchievementWithResponse(ctx, id, nil, client.AwardAchievement{User: "ada", Message: new("Well done")})
	created(t, first, err)
	again, err := ada.AwardAchievementWithResponse(ctx, id, nil, client.AwardAchievement{User: "ada"})
	succeeded(t, http.StatusConflict, again, err)
	revoked, err := ada.RevokeAwardWithResponse(ctx, first.JSON201.Id, nil, client.RevokeAward{Reason: new("an example")})
	succeeded(t, http.StatusOK, revoked, err)
	second, err := ada.AwardAchievementWithResponse(ctx, id, nil, client.AwardAchievement{User: "ada"})
	created(t, second, err)
	listed, err := ada.ListAwardsWithResponse(ctx, id, &client.ListAwardsParams{State: new(client.ListAwardsParamsState("all"))})
	succeeded(t, http.StatusOK, listed, err)
	same(t, "how many awards there were", len(listed.JSON200.Items), 2)

	ordered, err := ada.ReorderAwardsWithResponse(ctx, client.ReorderAwards{AwardIds: []int64{second.JSON201.Id}})
	succeeded(t, http.StatusOK, ordered, err)
	same(t, "the place", *ordered.JSON200.Items[0].Priority, int64(0))
	profile, err := d.clientOf("").ListUserAwardsWithResponse(ctx, "ada", nil)
	succeeded(t, http.StatusOK, profile, err)
	if len(profile.JSON200.Items) != 1 || profile.JSON200.Items[0].Achievement.Namespace != nil {
		t.Errorf("the profile shows %s", profile.Body)
	}
	hidden, err := ada.UpdateAwardWithResponse(ctx, second.JSON201.Id, nil, client.UpdateAward{ShowOnProfile: new(false)})
	succeeded(t, http.StatusOK, hidden, err)
	settings, err := ada.UpdateCurrentUserWithResponse(ctx, nil, client.UpdateCurrentUser{AchievementsEnabled: new(false)})
	succeeded(t, http.StatusOK, settings, err)
	export, err := ada.ExportUserWithResponse(ctx, "ada")
	succeeded(t, http.StatusOK, export, err)
	same(t, "how many awards are exported", len(export.JSON200.Awards), 2)

	mistake, err := admin.DeleteAwardWithResponse(ctx, second.JSON201.Id, nil)
	succeeded(t, http.StatusNoContent, mistake, err)
}

func writeFile(parts *multipart.Writer, content []byte) error {
	file, err := parts.CreateFormFile("avatar", "avatar.gif")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return err
}

// clientOf returns the generated client, whose answers are checked against the contract.
func (d *door) clientOf(token string) *client.ClientWithResponses {
	d.t.Helper()

	c, err := client.NewClientWithResponses(d.url, client.WithHTTPClient(d.client), client.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			if token != "" {
				request.Header.Set("Authorization", "Bearer "+token)
			}
			return nil
		}))
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// response is what every method of the generated client returns.
type response interface {
	StatusCode() int
	GetBody() []byte
}

func succeeded(t *testing.T, status int, got response, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode() != status {
		t.Fatalf("it answers %d, want %d: %s", got.StatusCode(), status, got.GetBody())
	}
}

func created(t *testing.T, got response, err error) {
	t.Helper()
	succeeded(t, http.StatusCreated, got, err)
}
