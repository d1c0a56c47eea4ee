// Shows the contract of the service that this page comes from. Nothing is asked of anyone else:
// without validatorUrl, Swagger UI would send the contract's address to a validator on the internet.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#contract",
  validatorUrl: null,
  deepLinking: true,
  displayOperationId: true,
  defaultModelsExpandDepth: 0,
});
