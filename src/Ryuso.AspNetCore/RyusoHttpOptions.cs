using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Ryuso.AspNetCore;

/// <summary>How programs are served over HTTP.</summary>
public sealed class RyusoHttpOptions
{
    /// <summary>Whether a request without the header <c>Idempotency-Key</c> is refused. Default false. Needs a journal.</summary>
    public bool RequiresIdempotencyKey { get; set; }

    /// <summary>
    /// Gives the metadata of a request, which becomes magic variables of the run, each with a leading underscore. Null, the default, for
    /// none. Clients cannot send any. It is part of what must be the same when a key is used again.
    /// </summary>
    public Func<HttpContext, JsonObject?>? Metadata { get; set; }

    /// <summary>
    /// Gives the name of the caller, such as that of the user, so that each has idempotency keys of its own: the run's id is then the name, escaped
    /// as in a URL, a colon and the key. Null, the default, and a null name leave the key alone as the id.
    /// </summary>
    public Func<HttpContext, string?>? Caller { get; set; }
}
