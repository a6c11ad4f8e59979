using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Ryuso.AspNetCore.Tests;

/// <summary>What a client can and cannot say.</summary>
public sealed class BoundaryTests
{
    [Theory]
    [InlineData("""{"customer":"ada","cents":1},"metadata":{"user":"root"}""", 400)]
    [InlineData("""{"customer":"ada","cents":1}}""", 400)]
    [InlineData("""{"customer":"ada","cents":1},"run_id":"x","x":{""", 400)]
    [InlineData("""{"customer":"ada","cents":1,"_user":"root"}""", 400)]
    [InlineData("""{"customer":"ada","cents":1,"\u005fuser":"root"}""", 400)]
    [InlineData("""{"customer":"ada","cents":1,"cents":2}""", 400)]
    [InlineData("""{"customer":"ada","cents":1,"deep":DEEP,"_user":"root"}""", 400)]
    [InlineData("""[1]""", 400)]
    [InlineData("""{"customer":"ada",""", 400)]
    [InlineData("\uFEFF{\"customer\":\"ada\",\"cents\":1}", 400)]
    [InlineData("""{"customer":"ada","cents":1,"program":"who","metadata":{"user":"root"},"run_id":"x","token":"t","op":"describe"}""", 200)]
    public async Task Body_is_the_pool_and_smuggles_nothing(string body, int status)
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync();
        body = body.Replace("DEEP", new string('[', 70) + new string(']', 70), StringComparison.Ordinal);
        Answer answer = await kiosk.PostAsync("/programs/buy", body);
        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 200 ? 1 : 0, kiosk.Sales.Count);
        Assert.NotEqual("x", answer.RunId);
    }

    [Fact]
    public async Task Metadata_comes_from_the_server_only()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(
            http: http => http.Metadata = context => new JsonObject { ["user"] = context.Request.Headers["X-User"].ToString() });
        kiosk.Client.DefaultRequestHeaders.Add("X-User", "ada");
        Answer seen = await kiosk.PostAsync("/programs/who", """{"user":"root","metadata":{"user":"root"}}""");
        Assert.Equal("ada", (string?)seen.Body["user"]);
    }

    [Fact]
    public async Task Metadata_that_cannot_be_json_runs_nothing_and_is_named()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(http: http => http.Metadata = _ => new JsonObject { ["rate"] = double.NaN });
        Answer refused = await kiosk.BuyAsync();
        Assert.Equal((400, "urn:ryuso:invalid-arguments"), (refused.Status, refused.Type));
        Assert.Contains("'rate' must not be NaN", (string)refused.Body["detail"]!, StringComparison.Ordinal);
        Assert.Equal(0, kiosk.Sales.Count);
    }

    [Fact]
    public async Task Policies_of_the_application_hold_for_every_route()
    {
        await using WebKiosk closed = await WebKiosk.StartAsync(build: Deny, use: app => app.UseAuthorization());
        foreach (string path in new[] { "/programs/buy", "/programs/nothing" })
        {
            Assert.Equal(403, (await closed.PostAsync(path, "{}")).Status);
        }

        Assert.Equal(403, (await closed.SendAsync(HttpMethod.Get, "/programs")).Status);
        await using WebKiosk open = await WebKiosk.StartAsync(build: Deny, use: app => app.UseAuthorization(), conventions: c => c.AllowAnonymous());
        Assert.Equal(200, (await open.BuyAsync()).Status);
    }

    [Fact]
    public async Task Path_base_is_the_applications()
    {
        await using WebKiosk kiosk = await WebKiosk.StartAsync(use: app =>
        {
            app.UsePathBase("/a/b");
            app.UseRouting();
        });
        Assert.Equal(200, (await kiosk.PostAsync("/a/b/programs/who", "{}")).Status);
    }

    [Fact]
    public void Orchestrator_that_was_not_added_is_named()
    {
        WebApplication app = WebApplication.CreateSlimBuilder().Build();
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => app.MapRyuso<global::Kiosk.KioskOrchestrator>("/programs"));
        Assert.Contains("AddRyuso<KioskOrchestrator>", thrown.Message, StringComparison.Ordinal);
    }

    private static void Deny(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication("none").AddScheme<Microsoft.AspNetCore.Authentication.AuthenticationSchemeOptions, Nobody>("none", null);
        builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build());
    }
}
