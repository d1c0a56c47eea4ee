package rest

import (
	"context"
	"fmt"

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
	return api.GetNamespace200JSONResponse(apiNamespace(namespace)), nil
}

func (s *server) PutMember(ctx context.Context, request api.PutMemberRequestObject) (api.PutMemberResponseObject, error) {
	role, _ := achievement.ParseRole(string(request.Body.AccessLevel))
	member, err := s.operations.PutMember(ctx, callerOf(ctx), operation.NewMember{
		Namespace: request.Namespace, User: request.User, Role: role,
	})
	if err != nil {
		return nil, err
	}
	out := api.Member{User: *apiUserRef(&member.User), AccessLevel: api.AccessLevel(member.Role.String())}
	if member.Created {
		return api.PutMember201JSONResponse(out), nil
	}
	return api.PutMember200JSONResponse(out), nil
}

func apiNamespace(namespace *achievement.Namespace) api.Namespace {
	return api.Namespace{
		Id: namespace.ID, FullPath: namespace.FullPath, Name: namespace.Name,
		Visibility: api.Visibility(namespace.Visibility), CreatedAt: namespace.CreatedAt, UpdatedAt: namespace.UpdatedAt,
	}
}

func apiNamespaceRef(namespace *achievement.Namespace) *api.NamespaceRef {
	if namespace == nil {
		return nil
	}
	return &api.NamespaceRef{Id: namespace.ID, FullPath: namespace.FullPath, Name: namespace.Name}
}
