using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using Ryuso.Generator.Diagnostics;

namespace Ryuso.Generator.SharedState;

/// <summary>What one class keeps: fields, automatic properties, captured constructor parameters, and every later use of them.</summary>
internal sealed class StateOfClass(INamedTypeSymbol type, string hookClass)
{
    private readonly ConcurrentQueue<(ISymbol Variable, VariableUse Use)> _uses = [];
    private readonly ConcurrentDictionary<ISymbol, bool> _randomShared = new(SymbolEqualityComparer.Default);

    public void Register(SymbolStartAnalysisContext context)
    {
        context.RegisterOperationAction(
            Collect, OperationKind.FieldReference, OperationKind.PropertyReference, OperationKind.ParameterReference);
        context.RegisterOperationAction(CollectInitializer, OperationKind.FieldInitializer, OperationKind.PropertyInitializer);
        context.RegisterSymbolEndAction(Report);
    }

    private void Collect(OperationAnalysisContext context)
    {
        ISymbol? variable = context.Operation switch
        {
            IFieldReferenceOperation field => field.Field.AssociatedSymbol ?? field.Field,
            IPropertyReferenceOperation property => property.Property,
            IParameterReferenceOperation { Parameter: { ContainingSymbol: IMethodSymbol { MethodKind: MethodKind.Constructor } } of } => of,
            _ => null,
        };
        if (variable is not null
            && SymbolEqualityComparer.Default.Equals(variable.ContainingType?.OriginalDefinition, type)
            && !VariableUse.IsConstruction(context.Operation, context.ContainingSymbol, variable.IsStatic))
        {
            _uses.Enqueue((variable.OriginalDefinition, VariableUse.Of(context.Operation)));
        }
    }

    private void CollectInitializer(OperationAnalysisContext context)
    {
        var initializer = (ISymbolInitializerOperation)context.Operation;
        if (initializer.Value is IPropertyReferenceOperation { Property: { Name: "Shared", ContainingType: { Name: "Random" } } })
        {
            IEnumerable<ISymbol> initialized = initializer is IFieldInitializerOperation fields
                ? fields.InitializedFields
                : ((IPropertyInitializerOperation)initializer).InitializedProperties;
            foreach (ISymbol variable in initialized)
            {
                _randomShared[variable] = true;
            }
        }
    }

    private void Report(SymbolAnalysisContext context)
    {
        ILookup<ISymbol, VariableUse> uses = _uses.ToLookup(u => u.Variable, u => u.Use, SymbolEqualityComparer.Default);
        foreach (IFieldSymbol field in type.GetMembers().OfType<IFieldSymbol>().Where(IsWritten))
        {
            ISymbol variable = field.AssociatedSymbol ?? field;
            if (!ThreadSafety.IsOfOneThread(field) && !_randomShared.ContainsKey(variable))
            {
                bool isPrivate = variable.DeclaredAccessibility == Accessibility.Private;
                Judge(context, variable, field.Type, field.IsReadOnly, field.IsVolatile, isPrivate, [.. uses[variable]]);
            }
        }

        // A parameter of a constructor that a method uses is a field in all but name.
        foreach (IGrouping<ISymbol, VariableUse> captured in uses.Where(u => u.Key is IParameterSymbol))
        {
            VariableUse[] all = [.. captured];
            var parameter = (IParameterSymbol)captured.Key;
            Judge(context, parameter, parameter.Type, !all.Any(u => u.IsAssigned), isVolatile: false, isPrivate: true, all);
        }
    }

    private static bool IsWritten(IFieldSymbol field) =>
        !field.IsConst && (!field.IsImplicitlyDeclared || field.AssociatedSymbol is IPropertySymbol);

    private void Judge(
        SymbolAnalysisContext context, ISymbol variable, ITypeSymbol of, bool isReadOnly, bool isVolatile, bool isPrivate, VariableUse[] uses)
    {
        bool isGuarded = isPrivate && uses.Length > 0 && uses.All(u => u.IsGuarded || (isVolatile && u.IsAtomic));
        string? remedy = ThreadSafety.RemedyFor(of);
        bool isChanged = uses.Any(u => u.IsChanged);
        bool canBeChanged = remedy is null ? of is IArrayTypeSymbol && isChanged : !isPrivate || isChanged;
        string typeName = of.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
        string? why =
            isGuarded ? null
            : canBeChanged ? $"is a {typeName}, which two runs at once can break; {remedy ?? "use a concurrent collection"}"
            : !isReadOnly && !ThreadSafety.IsThreadSafe(of) ? "can be assigned by each of them; " + OfAssignment(variable)
            : null;
        if (why is not null)
        {
            context.ReportDiagnostic(
                Diagnostic.Create(HookDiagnostics.SharedState, variable.Locations[0], hookClass, Kind(variable), variable.Name, why));
        }
    }

    private static string Kind(ISymbol variable) => variable switch
    {
        IPropertySymbol => "property",
        IParameterSymbol => "parameter",
        _ => "field",
    };

    private static string OfAssignment(ISymbol variable) => variable switch
    {
        IPropertySymbol => "remove its setter",
        IParameterSymbol => "assign to a local variable instead",
        _ => "make it readonly, use Interlocked for every use of it",
    };
}
