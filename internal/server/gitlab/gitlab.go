// Package gitlab is the door for programs that ask GitLab's REST API who they are and where before they use its
// GraphQL for achievements: a few reads under /api/v4, in GitLab's shapes (https://docs.gitlab.com/api/rest/).
//
// It answers from what there is and makes nothing up: groups are namespaces, and there are no projects. It may
// import operation, the nouns and fault.
package gitlab

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// compatible is the version of GitLab whose achievements are followed; programs look for features by it.
const compatible = "18.0.0"

// Mount adds the routes. Middleware before them leaves the caller in the context. baseURL, without a slash at its
// end, is what people reach the service by.
func Mount(routes gin.IRouter, operations *operation.Operations, baseURL string) {
	d := &door{operations, baseURL}
	v4 := routes.Group("/api/v4")
	v4.GET("/version", d.version)
	v4.GET("/license", func(c *gin.Context) { refuse(c, http.StatusNotFound, "404 Not Found") })
	v4.GET("/projects", func(c *gin.Context) { page(c, []any{}) })
	v4.GET("/user", d.currentUser)
	v4.GET("/users", d.users)
	v4.GET("/users/:id", d.user)
	v4.GET("/groups/:id", d.group)
	v4.GET("/groups/:id/members/all/:user", d.member)
}

type door struct {
	operations *operation.Operations
	base       string
}

// Refuse answers a request whose caller is not let in, as GitLab does.
func Refuse(c *gin.Context, err error) {
	known := fault.As(err)
	if known.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(known.RetryAfter.Seconds()))))
	}
	switch known.Kind {
	case fault.Unauthenticated:
		refuse(c, http.StatusUnauthorized, "401 Unauthorized")
	case fault.Forbidden:
		refuse(c, http.StatusForbidden, "403 Forbidden")
	case fault.NotFound:
		refuse(c, http.StatusNotFound, "404 Not Found")
	case fault.Limited:
		refuse(c, http.StatusTooManyRequests, "429 Too Many Requests")
	case fault.Unavailable:
		refuse(c, http.StatusServiceUnavailable, known.Text)
	default:
		refuse(c, http.StatusInternalServerError, "500 Internal Server Error")
	}
}

func refuse(c *gin.Context, status int, message string) {
	c.AbortWithStatusJSON(status, gin.H{"message": message})
}

// page is a list that one page holds, with the headers that GitLab's clients read.
func page[T any](c *gin.Context, items []T) {
	for name, value := range map[string]string{
		"X-Page": "1", "X-Per-Page": "20", "X-Total": strconv.Itoa(len(items)), "X-Total-Pages": "1", "X-Next-Page": "", "X-Prev-Page": "",
	} {
		c.Header(name, value)
	}
	c.JSON(http.StatusOK, items)
}

func callerOf(c *gin.Context) operation.Caller { return operation.CallerFrom(c.Request.Context()) }

func (d *door) version(c *gin.Context) {
	if callerOf(c).Anonymous() {
		refuse(c, http.StatusUnauthorized, "401 Unauthorized")
		return
	}
	c.JSON(http.StatusOK, gin.H{"version": compatible, "revision": "accolade", "enterprise": false})
}

// person is a user as GitLab shows one.
type person struct {
	ID        int64      `json:"id"`
	Username  string     `json:"username"`
	Name      string     `json:"name"`
	State     string     `json:"state"`
	Locked    bool       `json:"locked"`
	AvatarURL *string    `json:"avatar_url"`
	WebURL    string     `json:"web_url"`
	CreatedAt *time.Time `json:"created_at,omitempty"`
	Bot       bool       `json:"bot"`
	Email     string     `json:"email,omitempty"`
	IsAdmin   *bool      `json:"is_admin,omitempty"`
	// AccessLevel and MembershipState are a member's.
	AccessLevel     int    `json:"access_level,omitempty"`
	MembershipState string `json:"membership_state,omitempty"`
}

func (d *door) person(of *operation.UserView) person {
	out := person{
		ID: of.ID, Username: of.Username, Name: of.Name, State: "active", Bot: of.Bot, WebURL: d.base + "/users/" + of.Username,
	}
	if of.Known || !of.PrivateProfile {
		out.CreatedAt = &of.CreatedAt
	}
	if of.Known {
		out.Email, out.IsAdmin = of.Email, &of.Admin
		if of.Blocked {
			out.State = "blocked"
		}
	}
	return out
}

func (d *door) currentUser(c *gin.Context) {
	found, err := d.operations.GetCurrentUser(c.Request.Context(), callerOf(c))
	if err != nil {
		Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, d.person(found))
}

// users finds a user by the whole name; GitLab's other searches are not known here.
func (d *door) users(c *gin.Context) {
	name := c.Query("username")
	found := []person{}
	if name != "" && strings.Trim(name, "0123456789") != "" {
		user, err := d.operations.GetUser(c.Request.Context(), callerOf(c), name)
		if err != nil && !fault.Is(err, fault.NotFound) {
			Refuse(c, err)
			return
		}
		if err == nil {
			found = append(found, d.person(user))
		}
	}
	page(c, found)
}

func (d *door) user(c *gin.Context) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		refuse(c, http.StatusNotFound, "404 User Not Found")
		return
	}
	found, err := d.operations.GetUser(c.Request.Context(), callerOf(c), strconv.FormatInt(id, 10))
	if fault.Is(err, fault.NotFound) {
		refuse(c, http.StatusNotFound, "404 User Not Found")
		return
	}
	if err != nil {
		Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, d.person(found))
}

func (d *door) group(c *gin.Context) {
	found, err := d.operations.GetNamespace(c.Request.Context(), callerOf(c), c.Param("id"))
	if fault.Is(err, fault.NotFound) {
		refuse(c, http.StatusNotFound, "404 Group Not Found")
		return
	}
	if err != nil {
		Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, d.shown(found))
}

func (d *door) shown(of *achievement.Namespace) gin.H {
	return gin.H{
		"id": of.ID, "web_url": d.base + "/groups/" + of.FullPath, "name": of.Name, "path": of.FullPath[strings.LastIndexByte(of.FullPath, '/')+1:],
		"description": "", "visibility": of.Visibility, "full_name": of.Name, "full_path": of.FullPath, "parent_id": nil, "avatar_url": nil,
		"created_at": of.CreatedAt,
	}
}

func (d *door) member(c *gin.Context) {
	found, err := d.operations.GetMember(c.Request.Context(), callerOf(c), c.Param("id"), c.Param("user"))
	if err != nil {
		Refuse(c, err)
		return
	}
	out := d.person(&operation.UserView{User: found.User})
	out.AccessLevel, out.MembershipState = int(found.Role), "active"
	c.JSON(http.StatusOK, out)
}
