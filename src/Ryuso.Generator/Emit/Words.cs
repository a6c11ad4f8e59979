using Ryuso.Generator.Binding;

namespace Ryuso.Generator.Emit;

/// <summary>Leaves out words that a file does not hold, so that editing them does not emit it again.</summary>
internal static class Words
{
    public static BoundSpec WithoutHookDescriptions(BoundSpec bound) => bound with
    {
        Spec = bound.Spec with
        {
            Model = bound.Spec.Model with { Hooks = new(bound.Spec.Model.Hooks.Select(h => h with { Description = null })) },
        },
        Classes = new(bound.Classes.Select(c => c with { Hooks = new(c.Hooks.Select(h => h with { Hook = h.Hook with { Description = null } })) })),
    };
}
