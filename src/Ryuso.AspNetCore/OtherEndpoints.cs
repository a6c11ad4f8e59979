using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ryuso.AspNetCore;

/// <summary>What is below the prefix beside the programs.</summary>
internal sealed class OtherEndpoints(Orchestrator orchestrator)
{
    public async Task DescribeAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(orchestrator.DescribeAsJson(), context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Another method than POST at a program, or no program.</summary>
    public Task RefuseAsync(HttpContext context)
    {
        string name = context.GetRouteValue("program") as string ?? "";
        if (orchestrator.Definition.Programs.Any(program => program.Name == name))
        {
            context.Response.Headers.Allow = "POST";
            return new Problem(405, "method-not-allowed", $"The program '{name}' is run by POST.").WriteAsync(context);
        }

        return new Problem(404, "unknown-program", $"There is no program '{name}'. GET on the path above lists those there are.")
        {
            Code = "unknown_program",
        }.WriteAsync(context);
    }
}
