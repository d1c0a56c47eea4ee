package rest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/jsontext"
)

// userAwards answers with a profile, which is what the service is asked for most: written field by field it takes a fraction
// of what encoding/json does, and is the same to the byte, which a test holds.
type userAwards struct {
	page api.AwardPage
	link *string
}

// VisitListUserAwardsResponse implements api.ListUserAwardsResponseObject.
func (u userAwards) VisitListUserAwardsResponse(w http.ResponseWriter) error {
	body := appendAwardPage(make([]byte, 0, 512+len(u.page.Items)*1024), &u.page)
	w.Header().Set("Content-Type", "application/json")
	if u.link != nil {
		w.Header().Set("Link", *u.link)
	}
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	return err
}

func appendAwardPage(b []byte, page *api.AwardPage) []byte {
	if page.Items == nil {
		b = append(b, `{"items":null`...)
	} else {
		b = append(b, `{"items":[`...)
		for i := range page.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendAward(b, &page.Items[i])
		}
		b = append(b, ']')
	}
	if page.NextCursor != nil {
		b = jsontext.Append(append(b, `,"next_cursor":`...), *page.NextCursor)
	}
	return append(b, '}', '\n')
}

func appendAward(b []byte, award *api.Award) []byte {
	b = appendAchievement(append(b, `{"achievement":`...), &award.Achievement)
	b = appendTime(append(b, `,"awarded_at":`...), award.AwardedAt)
	b = orNull(append(b, `,"awarded_by":`...), award.AwardedBy, appendUserRef)
	b = orNull(append(b, `,"event_url":`...), award.EventUrl, appendTextAt)
	b = strconv.AppendInt(append(b, `,"id":`...), award.Id, 10)
	b = orNull(append(b, `,"message":`...), award.Message, appendTextAt)
	b = orNull(append(b, `,"occurrence":`...), award.Occurrence, appendTextAt)
	b = orNull(append(b, `,"priority":`...), award.Priority, func(b []byte, n *int64) []byte { return strconv.AppendInt(b, *n, 10) })
	b = orNull(append(b, `,"revoke_reason":`...), award.RevokeReason, appendTextAt)
	b = orNull(append(b, `,"revoked_at":`...), award.RevokedAt, func(b []byte, t *time.Time) []byte { return appendTime(b, *t) })
	b = orNull(append(b, `,"revoked_by":`...), award.RevokedBy, appendUserRef)
	b = orNull(append(b, `,"rule":`...), award.Rule, appendTextAt)
	b = strconv.AppendBool(append(b, `,"show_on_profile":`...), award.ShowOnProfile)
	b = appendUserRef(append(b, `,"user":`...), &award.User)
	return append(b, '}')
}

func appendAchievement(b []byte, of *api.Achievement) []byte {
	b = orNull(append(b, `{"avatar_url":`...), of.AvatarUrl, appendTextAt)
	b = appendTime(append(b, `,"created_at":`...), of.CreatedAt)
	b = jsontext.Append(append(b, `,"description":`...), of.Description)
	b = strconv.AppendInt(append(b, `,"id":`...), of.Id, 10)
	if of.Key != nil {
		b = jsontext.Append(append(b, `,"key":`...), *of.Key)
	}
	b = jsontext.Append(append(b, `,"kind":`...), string(of.Kind))
	b = jsontext.Append(append(b, `,"name":`...), of.Name)
	b = orNull(append(b, `,"namespace":`...), of.Namespace, appendNamespaceRef)
	if of.Series != nil {
		b = jsontext.Append(append(b, `,"series":`...), *of.Series)
	}
	if of.Tier != nil {
		b = strconv.AppendInt(append(b, `,"tier":`...), int64(*of.Tier), 10)
	}
	b = appendTime(append(b, `,"updated_at":`...), of.UpdatedAt)
	return append(b, '}')
}

func appendNamespaceRef(b []byte, namespace *api.NamespaceRef) []byte {
	b = jsontext.Append(append(b, `{"full_path":`...), namespace.FullPath)
	b = strconv.AppendInt(append(b, `,"id":`...), namespace.Id, 10)
	b = jsontext.Append(append(b, `,"name":`...), namespace.Name)
	return append(b, '}')
}

func appendUserRef(b []byte, user *api.UserRef) []byte {
	b = orNull(append(b, `{"avatar_url":`...), user.AvatarUrl, appendTextAt)
	b = strconv.AppendInt(append(b, `,"id":`...), user.Id, 10)
	b = jsontext.Append(append(b, `,"name":`...), user.Name)
	b = jsontext.Append(append(b, `,"username":`...), user.Username)
	return append(b, '}')
}

func orNull[T any](b []byte, value *T, add func([]byte, *T) []byte) []byte {
	if value == nil {
		return append(b, "null"...)
	}
	return add(b, value)
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

func appendTextAt(b []byte, text *string) []byte { return jsontext.Append(b, *text) }
