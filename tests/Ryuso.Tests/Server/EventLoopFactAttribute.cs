using System.Runtime.CompilerServices;
using Ryuso.Server.Loops;

namespace Ryuso.Tests.Server;

/// <summary>A test of what only systems with event loops have.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EventLoopFactAttribute : FactAttribute
{
    public EventLoopFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = EventLoopGroup.IsSupported ? null : "There is no event loop on this system.";
}
