package graphql

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	gqlgen "github.com/99designs/gqlgen/graphql"
)

const (
	// maxQueries is how many queries one request may hold.
	maxQueries = 20
	// maxFiles is how many files one request may hold, and maxUses where one of them may be used.
	maxFiles = 10
	maxUses  = 10
)

// requestError says what is wrong with a request as a whole.
type requestError struct {
	status int
	text   string
}

func (e *requestError) Error() string { return e.text }

func malformed(format string, args ...any) error {
	return &requestError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func statusOf(err error) int {
	if request, ok := errors.AsType[*requestError](err); ok {
		return request.status
	}
	return http.StatusInternalServerError
}

// read returns the queries of a request, and whether they came as a list.
func read(r *http.Request) (queries []gqlgen.RawParams, several bool, err error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	switch media {
	case "application/json", "application/graphql+json":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, false, tooLarge(err)
		}
		return decode(body)
	case "multipart/form-data":
		return readForm(r)
	default:
		return nil, false, &requestError{http.StatusUnsupportedMediaType, "the Content-Type must be application/json or multipart/form-data"}
	}
}

func tooLarge(err error) error {
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return &requestError{http.StatusRequestEntityTooLarge, "the request is too large"}
	}
	return malformed("the request ended early")
}

// decode reads one query or a list of them.
func decode(body []byte) (queries []gqlgen.RawParams, several bool, err error) {
	several = bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("["))
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if several {
		err = decoder.Decode(&queries)
	} else {
		queries = make([]gqlgen.RawParams, 1)
		err = decoder.Decode(&queries[0])
	}
	switch {
	case err != nil:
		return nil, false, malformed("the body is not a GraphQL query in JSON")
	case several && len(queries) == 0:
		return nil, false, malformed("the list holds no query")
	case len(queries) > maxQueries:
		return nil, false, malformed("the list holds %d queries, more than %d", len(queries), maxQueries)
	}
	return queries, several, nil
}

// readForm reads a request as the GraphQL multipart request specification has it
// (https://github.com/jaydenseric/graphql-multipart-request-spec): "operations" are the queries, "map" says which part is
// the value of which variables.
func readForm(r *http.Request) ([]gqlgen.RawParams, bool, error) {
	// The body is bounded, so that all of it fits into memory.
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return nil, false, tooLarge(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	queries, several, err := decode([]byte(r.FormValue("operations")))
	if err != nil {
		return nil, false, err
	}
	uses := map[string][]string{}
	if err := json.Unmarshal([]byte(r.FormValue("map")), &uses); err != nil {
		return nil, false, malformed("the part map must be a JSON object of lists of paths")
	}
	if len(uses) > maxFiles {
		return nil, false, malformed("at most %d files may be sent", maxFiles)
	}
	for name, paths := range uses {
		parts := r.MultipartForm.File[name]
		if len(parts) == 0 || len(paths) > maxUses {
			return nil, false, malformed("the file %q of the map was not sent, or is used more than %d times", name, maxUses)
		}
		opened, err := parts[0].Open()
		if err != nil {
			return nil, false, malformed("the file %q cannot be read", name)
		}
		content, err := io.ReadAll(opened)
		_ = opened.Close()
		if err != nil {
			return nil, false, malformed("the file %q cannot be read", name)
		}
		for _, path := range paths {
			upload := gqlgen.Upload{
				File: bytes.NewReader(content), Filename: parts[0].Filename, Size: int64(len(content)), ContentType: parts[0].Header.Get("Content-Type"),
			}
			if !place(queries, several, path, upload) {
				return nil, false, malformed("the path %q of the map leads to no variable that is null", path)
			}
		}
	}
	return queries, several, nil
}

// place puts the file where the path leads: "variables.input.avatar", or "0.variables.file" of several queries. What
// is there must be null.
func place(queries []gqlgen.RawParams, several bool, path string, file gqlgen.Upload) bool {
	if several {
		number, rest, _ := strings.Cut(path, ".")
		index, err := strconv.Atoi(number)
		if err != nil || index < 0 || index >= len(queries) {
			return false
		}
		queries, path = queries[index:], rest
	}
	steps := strings.Split(path, ".")
	if len(steps) < 2 || steps[0] != "variables" {
		return false
	}
	var here any = queries[0].Variables
	for _, step := range steps[1 : len(steps)-1] {
		switch value := here.(type) {
		case map[string]any:
			here = value[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(value) {
				return false
			}
			here = value[index]
		default:
			return false
		}
	}
	last := steps[len(steps)-1]
	switch value := here.(type) {
	case map[string]any:
		if current, has := value[last]; !has || current != nil {
			return false
		}
		value[last] = file
	case []any:
		index, err := strconv.Atoi(last)
		if err != nil || index < 0 || index >= len(value) || value[index] != nil {
			return false
		}
		value[index] = file
	default:
		return false
	}
	return true
}
