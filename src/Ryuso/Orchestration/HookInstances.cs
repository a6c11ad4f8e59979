using System.ComponentModel;
using Microsoft.Extensions.Logging;
using Ryuso.Telemetry;

namespace Ryuso.Definitions;

/// <summary>
/// The instances of hook classes that runs call: those of the orchestrator, which all its runs share, or those of one run with a scope of its
/// own. Generated code derives one class from it for each spec.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public abstract class HookInstances
{
    private readonly List<object> _disposable = [];

    /// <summary>Those of a spec without hook classes.</summary>
    internal static HookInstances Empty => new NoInstances();

    /// <summary>Makes the instances, their constructor parameters taken from <paramref name="services"/>. Generated.</summary>
    /// <param name="services">The provider given to the orchestrator, or that of a run's scope; null for none.</param>
    /// <exception cref="InvalidOperationException">A service that a hook class needs is not registered.</exception>
    protected abstract void Make(IServiceProvider? services);

    internal void MakeAll(IServiceProvider? services) => Make(services);

    /// <summary>Takes an instance, to be disposed of with the others. Called by generated code.</summary>
    /// <typeparam name="THook">The hook class.</typeparam>
    /// <param name="hook">The instance.</param>
    /// <returns>The instance.</returns>
    protected THook Own<THook>(THook hook)
        where THook : class
    {
        if (hook is IDisposable or IAsyncDisposable)
        {
            _disposable.Add(hook);
        }

        return hook;
    }

    /// <summary>Gets a constructor parameter of a hook class. Called by generated code.</summary>
    /// <typeparam name="TService">The parameter's type.</typeparam>
    /// <param name="services">The provider given to the orchestrator.</param>
    /// <param name="hookClass">The hook class, for the message.</param>
    /// <exception cref="InvalidOperationException">The service is not registered.</exception>
    protected static TService Resolve<TService>(IServiceProvider? services, string hookClass)
        where TService : notnull =>
        GetService(services, typeof(TService), hookClass) is TService service
            ? service
            : throw new InvalidOperationException(
                $"The hook class '{hookClass}' needs the service '{typeof(TService)}', which is not registered. "
                + "Add it to the service collection given to the orchestrator.");

    /// <summary>Gets an optional constructor parameter of a hook class. Called by generated code.</summary>
    /// <typeparam name="TService">The parameter's type.</typeparam>
    /// <param name="services">The provider given to the orchestrator.</param>
    /// <param name="hookClass">The hook class.</param>
    /// <exception cref="InvalidOperationException">The provider cannot give the service; the message says which hook class needs it.</exception>
    protected static TService? ResolveOrDefault<TService>(IServiceProvider? services, string hookClass) =>
        GetService(services, typeof(TService), hookClass) is TService service ? service : default;

    /// <summary>Disposes of all of them, the last one first. What one throws is logged: no run is under way that it could concern.</summary>
    internal async ValueTask DisposeAsync(ILogger logger)
    {
        for (int i = _disposable.Count - 1; i >= 0; i--)
        {
            try
            {
                if (_disposable[i] is IAsyncDisposable asynchronous)
                {
                    await asynchronous.DisposeAsync().ConfigureAwait(false);
                }
                else
                {
                    ((IDisposable)_disposable[i]).Dispose();
                }
            }
#pragma warning disable CA1031 // Whatever a hook class throws here comes after its runs.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                RunLog.DisposalFailed(logger, exception);
            }
        }

        _disposable.Clear();
    }

    private static object? GetService(IServiceProvider? services, Type type, string hookClass)
    {
        try
        {
            return services?.GetService(type);
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidOperationException($"The hook class '{hookClass}' cannot get the service '{type}': {exception.Message}", exception);
        }
    }

    private sealed class NoInstances : HookInstances
    {
        protected override void Make(IServiceProvider? services)
        {
        }
    }
}
