package graphql

import (
	"fmt"
	"regexp"
	"strconv"
)

// The classes of GitLab's global ids.
const (
	achievementClass = "Achievements::Achievement"
	awardClass       = "Achievements::UserAchievement"
	userClass        = "User"
	namespaceClass   = "Namespace"
	groupClass       = "Group"
)

var globalID = regexp.MustCompile(`^gid://gitlab/([A-Za-z:]+)/([1-9]\d{0,18})$`)

func gid(class string, id int64) string {
	return "gid://gitlab/" + class + "/" + strconv.FormatInt(id, 10)
}

// parseGID returns the number of a global id of one of the classes, the first of which is what it is called in errors.
func parseGID(text string, classes ...string) (int64, error) {
	found := globalID.FindStringSubmatch(text)
	if found == nil {
		return 0, shown(fmt.Sprintf("%q is not a valid Global ID", text))
	}
	for _, class := range classes {
		if found[1] == class {
			id, err := strconv.ParseInt(found[2], 10, 64)
			if err != nil {
				return 0, errResource // no object has such a number
			}
			return id, nil
		}
	}
	return 0, shown(fmt.Sprintf("%q does not represent an instance of %s", text, classes[0]))
}

// parseGIDs does the same for several.
func parseGIDs(texts []string, class string) ([]int64, error) {
	ids := make([]int64, len(texts))
	for i, text := range texts {
		var err error
		if ids[i], err = parseGID(text, class); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
