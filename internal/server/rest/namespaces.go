package rest

import (
	"context"
	"fmt"
	"net/url"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
)

func (s *server) CreateNamespace(ctx context.Context, request api.CreateNamespaceRequestObject) (api.CreateNamespaceResponseObject, error) {
	namespace, err := s.operations.CreateNamespace(ctx, callerOf(ctx), operation.NewNamespace{
		FullPath: request.Body.FullPath, Name: request.Body.Name, Visibility: achievement.Visibility(request.Body.Visibility),
	})
	if err != nil {
		return nil, err
	}
	return api.CreateNamespace201JSONResponse{
		Body:    apiNamespace(namespace),
		Headers: api.CreateNamespace201ResponseHeaders{Location: fmt.Sprintf("%s/namespaces/%d", s.base, namespace.ID)},
	}, nil
}

func (s *server) GetNamespace(ctx context.Context, request api.GetNamespaceRequestObject) (api.GetNamespaceResponseObject, error) {
	namespace, err := s.operations.GetNamespace(ctx, callerOf(ctx), request.Namespace)
	if err != nil {
		return nil, err
	}
	shown := apiNamespace(namespace)
	return api.GetNamespace200JSONResponse{Body: shown, Headers: api.GetNamespace200ResponseHeaders{ETag: etag(shown)}}, nil
}

func (s *server) ListNamespaces(ctx context.Context, request api.ListNamespacesRequestObject) (api.ListNamespacesResponseObject, error) {
	params := request.Params
	found, err := s.operations.ListNamespaces(ctx, callerOf(ctx), operation.NamespaceQuery{
		Search: value(params.Search), Page: pageOf(params.Limit, params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	link, cursor := s.nextLink("/namespaces", searching(params.Limit, params.Search), found.Next)
	page := api.NamespacePage{Items: each(found.Items, apiNamespace), NextCursor: cursor}
	return api.ListNamespaces200JSONResponse{Body: page, Headers: api.ListNamespaces200ResponseHeaders{Link: link}}, nil
}

func (s *server) UpdateNamespace(ctx context.Context, request api.UpdateNamespaceRequestObject) (api.UpdateNamespaceResponseObject, error) {
	namespace, err := s.operations.UpdateNamespace(ctx, callerOf(ctx), request.Namespace, operation.NamespaceChange{
		Name: request.Body.Name, Visibility: (*achievement.Visibility)(request.Body.Visibility),
		Leaderboard: request.Body.Leaderboard,
		Match:       match(request.Params.IfMatch, apiNamespace),
	})
	if err != nil {
		return nil, err
	}
	shown := apiNamespace(namespace)
	return api.UpdateNamespace200JSONResponse{Body: shown, Headers: api.UpdateNamespace200ResponseHeaders{ETag: etag(shown)}}, nil
}

func (s *server) DeleteNamespace(ctx context.Context, request api.DeleteNamespaceRequestObject) (api.DeleteNamespaceResponseObject, error) {
	err := s.operations.DeleteNamespace(ctx, callerOf(ctx), request.Namespace, match(request.Params.IfMatch, apiNamespace))
	if err != nil {
		return nil, err
	}
	return api.DeleteNamespace204Response{}, nil
}

func (s *server) ListMembers(ctx context.Context, request api.ListMembersRequestObject) (api.ListMembersResponseObject, error) {
	params := request.Params
	found, err := s.operations.ListMembers(ctx, callerOf(ctx), request.Namespace, pageOf(params.Limit, params.Cursor))
	if err != nil {
		return nil, err
	}
	link, cursor := s.nextLink("/namespaces/"+url.PathEscape(request.Namespace)+"/members", searching(params.Limit, nil), found.Next)
	page := api.MemberPage{Items: each(found.Items, apiMember), NextCursor: cursor}
	return api.ListMembers200JSONResponse{Body: page, Headers: api.ListMembers200ResponseHeaders{Link: link}}, nil
}

func (s *server) GetMember(ctx context.Context, request api.GetMemberRequestObject) (api.GetMemberResponseObject, error) {
	member, err := s.operations.GetMember(ctx, callerOf(ctx), request.Namespace, request.User)
	if err != nil {
		return nil, err
	}
	return api.GetMember200JSONResponse(apiMember(member)), nil
}

func (s *server) RemoveMember(ctx context.Context, request api.RemoveMemberRequestObject) (api.RemoveMemberResponseObject, error) {
	if err := s.operations.RemoveMember(ctx, callerOf(ctx), request.Namespace, request.User); err != nil {
		return nil, err
	}
	return api.RemoveMember204Response{}, nil
}

func (s *server) PutMember(ctx context.Context, request api.PutMemberRequestObject) (api.PutMemberResponseObject, error) {
	role, _ := achievement.ParseRole(string(request.Body.AccessLevel))
	member, err := s.operations.PutMember(ctx, callerOf(ctx), operation.NewMember{
		Namespace: request.Namespace, User: request.User, Role: role,
	})
	if err != nil {
		return nil, err
	}
	if member.Created {
		return api.PutMember201JSONResponse(apiMember(member)), nil
	}
	return api.PutMember200JSONResponse(apiMember(member)), nil
}

func apiMember(member *operation.Member) api.Member {
	return api.Member{
		User: *apiUserRef(&member.User), AccessLevel: api.AccessLevel(member.Role.String()), Inherited: member.Inherited,
	}
}

func apiNamespace(namespace *achievement.Namespace) api.Namespace {
	return api.Namespace{
		Id: namespace.ID, FullPath: namespace.FullPath, Name: namespace.Name,
		Visibility: api.Visibility(namespace.Visibility), Leaderboard: namespace.Leaderboard, CreatedAt: namespace.CreatedAt, UpdatedAt: namespace.UpdatedAt,
	}
}

func apiNamespaceRef(namespace *achievement.Namespace) *api.NamespaceRef {
	if namespace == nil {
		return nil
	}
	return &api.NamespaceRef{Id: namespace.ID, FullPath: namespace.FullPath, Name: namespace.Name}
}
